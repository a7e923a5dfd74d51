"""Tests by what this PyTorch traces."""

import pytest
import torch

OLD = torch.torch_version.TorchVersion(torch.__version__) < (2, 13)
NEEDED = f"Dynamo of PyTorch {torch.__version__} traces fewer objects, or has other words"
needs_new_dynamo = pytest.mark.skipif(OLD, reason=NEEDED)
