from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Dataset(_message.Message):
    __slots__ = ("id", "name", "desc", "type", "path", "create_time", "split")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESC_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    SPLIT_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    desc: str
    type: str
    path: str
    create_time: str
    split: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., desc: _Optional[str] = ..., type: _Optional[str] = ..., path: _Optional[str] = ..., create_time: _Optional[str] = ..., split: _Optional[bool] = ...) -> None: ...

class Project(_message.Message):
    __slots__ = ("id", "name", "desc", "type", "did", "path", "create_time")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESC_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    desc: str
    type: str
    did: str
    path: str
    create_time: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., desc: _Optional[str] = ..., type: _Optional[str] = ..., did: _Optional[str] = ..., path: _Optional[str] = ..., create_time: _Optional[str] = ...) -> None: ...

class Task(_message.Message):
    __slots__ = ("id", "name", "desc", "pid", "path", "create_time", "parent_id", "configured")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESC_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PARENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONFIGURED_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    desc: str
    pid: str
    path: str
    create_time: str
    parent_id: str
    configured: bool
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., desc: _Optional[str] = ..., pid: _Optional[str] = ..., path: _Optional[str] = ..., create_time: _Optional[str] = ..., parent_id: _Optional[str] = ..., configured: _Optional[bool] = ...) -> None: ...

class PretrainedModel(_message.Message):
    __slots__ = ("id", "name", "model", "type", "pid", "tid", "create_time", "path")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    TID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    model: str
    type: str
    pid: str
    tid: str
    create_time: str
    path: str
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., model: _Optional[str] = ..., type: _Optional[str] = ..., pid: _Optional[str] = ..., tid: _Optional[str] = ..., create_time: _Optional[str] = ..., path: _Optional[str] = ...) -> None: ...

class ExportedModel(_message.Message):
    __slots__ = ("id", "name", "model", "type", "pid", "tid", "create_time", "path", "exported_type")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    TID_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_TYPE_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    model: str
    type: str
    pid: str
    tid: str
    create_time: str
    path: str
    exported_type: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., model: _Optional[str] = ..., type: _Optional[str] = ..., pid: _Optional[str] = ..., tid: _Optional[str] = ..., create_time: _Optional[str] = ..., path: _Optional[str] = ..., exported_type: _Optional[int] = ...) -> None: ...

class Workspace(_message.Message):
    __slots__ = ("version", "path", "datasets", "projects", "tasks", "max_dataset_id", "max_project_id", "max_task_id", "current_time", "max_pretrained_model_id", "pretrained_models", "max_exported_model_id", "exported_models", "leftovers", "newly_adopted")
    class DatasetsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Dataset
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Dataset, _Mapping]] = ...) -> None: ...
    class ProjectsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Project
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Project, _Mapping]] = ...) -> None: ...
    class TasksEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Task
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Task, _Mapping]] = ...) -> None: ...
    class PretrainedModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: PretrainedModel
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[PretrainedModel, _Mapping]] = ...) -> None: ...
    class ExportedModelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ExportedModel
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ExportedModel, _Mapping]] = ...) -> None: ...
    VERSION_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    DATASETS_FIELD_NUMBER: _ClassVar[int]
    PROJECTS_FIELD_NUMBER: _ClassVar[int]
    TASKS_FIELD_NUMBER: _ClassVar[int]
    MAX_DATASET_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_PROJECT_ID_FIELD_NUMBER: _ClassVar[int]
    MAX_TASK_ID_FIELD_NUMBER: _ClassVar[int]
    CURRENT_TIME_FIELD_NUMBER: _ClassVar[int]
    MAX_PRETRAINED_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    PRETRAINED_MODELS_FIELD_NUMBER: _ClassVar[int]
    MAX_EXPORTED_MODEL_ID_FIELD_NUMBER: _ClassVar[int]
    EXPORTED_MODELS_FIELD_NUMBER: _ClassVar[int]
    LEFTOVERS_FIELD_NUMBER: _ClassVar[int]
    NEWLY_ADOPTED_FIELD_NUMBER: _ClassVar[int]
    version: str
    path: str
    datasets: _containers.MessageMap[str, Dataset]
    projects: _containers.MessageMap[str, Project]
    tasks: _containers.MessageMap[str, Task]
    max_dataset_id: int
    max_project_id: int
    max_task_id: int
    current_time: str
    max_pretrained_model_id: int
    pretrained_models: _containers.MessageMap[str, PretrainedModel]
    max_exported_model_id: int
    exported_models: _containers.MessageMap[str, ExportedModel]
    leftovers: _containers.RepeatedScalarFieldContainer[str]
    newly_adopted: bool
    def __init__(self, version: _Optional[str] = ..., path: _Optional[str] = ..., datasets: _Optional[_Mapping[str, Dataset]] = ..., projects: _Optional[_Mapping[str, Project]] = ..., tasks: _Optional[_Mapping[str, Task]] = ..., max_dataset_id: _Optional[int] = ..., max_project_id: _Optional[int] = ..., max_task_id: _Optional[int] = ..., current_time: _Optional[str] = ..., max_pretrained_model_id: _Optional[int] = ..., pretrained_models: _Optional[_Mapping[str, PretrainedModel]] = ..., max_exported_model_id: _Optional[int] = ..., exported_models: _Optional[_Mapping[str, ExportedModel]] = ..., leftovers: _Optional[_Iterable[str]] = ..., newly_adopted: _Optional[bool] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("put", "deleted")
    PUT_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    put: Workspace
    deleted: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, put: _Optional[_Union[Workspace, _Mapping]] = ..., deleted: _Optional[_Iterable[str]] = ...) -> None: ...
