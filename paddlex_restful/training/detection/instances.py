"""Instance segmentation: detection with nets that also outline what they find."""

from __future__ import annotations

from paddlex_restful.enums import ProjectType
from paddlex_restful.training.detection.adapter import adapter_of

ADAPTER = adapter_of(ProjectType.INSTANCE_SEGMENTATION.value)
