"""`pykeops.common`: what the front ends of pykeops share."""
