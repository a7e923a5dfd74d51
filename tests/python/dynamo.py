"""What the Dynamo of this PyTorch traces."""

import pytest
import torch

OLD = torch.torch_version.TorchVersion(torch.__version__) < (2, 13)
traces_objects = pytest.mark.skipif(
    OLD, reason=f"Dynamo of PyTorch {torch.__version__} does not trace operators of our objects"
)
