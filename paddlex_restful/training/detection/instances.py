"""Instance segmentation: detection with nets that also outline what they find."""

from __future__ import annotations

from paddlex_restful.enums import ProjectType
from paddlex_restful.training.detection.adapter import DetectionAdapter

ADAPTER = DetectionAdapter(ProjectType.INSTANCE_SEGMENTATION.value)
