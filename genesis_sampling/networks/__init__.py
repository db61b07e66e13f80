"""Networks: tensors in, tensors out. The only place that imports torch."""
