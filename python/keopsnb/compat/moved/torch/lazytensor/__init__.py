"""`pykeops.torch.lazytensor`."""
