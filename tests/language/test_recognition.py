"""Every sentence, made with values, is recognised as what it is."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from paddlex_restful.language import SOURCE, sentence
from paddlex_restful.language.catalogue import read
from paddlex_restful.language.recognition import NESTED, SENTENCES, Template
from paddlex_restful.language.templates import templates
from paddlex_restful.messages import (
    MORE,
    api,
    dataset,
    download,
    inference,
    jobs,
    params,
    ranks,
    serving,
    status,
    training,
    workspace,
)

_CATALOGUE = {message.id: str(message.string) for message in read("zh")}
_OUTER = "The arguments need correction: {}."
_OUTER_TOLD = "参数有误：{}。"


_WEAK = {api.EXPLAINED, api.REFUSED, dataset.BAD_FILE_LINE, jobs.JOB}
"""They say too little to be recognised without the sentences in them, with which other tests make them."""


def _made(template: str, value: Callable[[str], str]) -> str:
    parsed = Template.parse(template)
    return parsed.fill({field: value(field) for field in parsed.fields})


def _in_chinese(text: str) -> str:
    return sentence(text, "zh")


@pytest.mark.parametrize("value", ["3", "T0001", "/data/花/a b, c.jpg", "No such file or directory", ""])
def test_every_sentence_is_recognised_whatever_its_values(value: str) -> None:
    wrong = {}
    for template in templates():
        if template in _WEAK:
            continue
        text, told = (_made(each, lambda _: value) for each in (template, _CATALOGUE[template]))
        if Template.parse(template).is_clause:
            text, told = _OUTER.format(text), _OUTER_TOLD.format(told)
        if _in_chinese(text) != told:
            wrong[template] = _in_chinese(text)
    assert not wrong


def test_no_other_sentence_needs_those_in_it_to_be_recognised() -> None:
    parsed = {text: Template.parse(text) for text in templates()}
    assert {text for text, each in parsed.items() if each.is_weak and not NESTED.isdisjoint(each.fields)} == _WEAK


@pytest.mark.parametrize(
    "inner",
    [status.DATASET_EMPTY, training.NO_CLASSES, download.UNREACHABLE, download.CUT, jobs.DISK_FULL, ranks.FAILED],
)
def test_sentences_in_sentences_are_told_too(inner: str) -> None:
    fields = {"error", "message", "problem", "reason", "state"}
    assert fields <= SENTENCES
    wrong = {}
    for template in templates():
        if Template.parse(template).is_clause or fields.isdisjoint(Template.parse(template).fields):
            continue
        within, told_within = (_made(each, lambda _: "a1") for each in (inner, _CATALOGUE[inner]))
        text = _made(template, lambda field, within=within: within if field in fields else "b2")
        told = _made(_CATALOGUE[template], lambda field, told=told_within: told if field in fields else "b2")
        if _in_chinese(text) != told:
            wrong[template] = _in_chinese(text)
    assert not wrong


@pytest.mark.parametrize("outer", [api.ARGUMENTS, params.IMPOSSIBLE, dataset.UNDRAWABLE, dataset.BAD_FILES])
def test_clauses_in_sentences_are_told_too(outer: str) -> None:
    outer_told = _CATALOGUE[outer]
    if outer == dataset.BAD_FILES:
        line = dataset.BAD_FILE_LINE
        outer = outer.replace("{files}", line)
        outer_told = outer_told.replace("{files}", _CATALOGUE[line])
    [field] = NESTED & set(Template.parse(outer).fields)
    wrong = {}
    for template in templates():
        if Template.parse(template).is_clause and not Template.parse(template).is_weak:
            inner, inner_told = (_made(each, lambda _: "a1") for each in (template, _CATALOGUE[template]))
            text = _made(outer, lambda name, inner=inner: inner if name == field else "b2")
            told = _made(outer_told, lambda name, told=inner_told: told if name == field else "b2")
            if _in_chinese(text) != told:
                wrong[template] = _in_chinese(text)
    assert not wrong


def test_what_is_wrong_with_arguments_is_explained() -> None:
    missing = api.EXPLAINED.format(
        sentence=api.MISSING.format(field="did"), description="id of a dataset, such as D0001"
    )
    wrong = api.EXPLAINED.format(
        sentence=api.NOT_INTEGER.format(field="epoch", value='"1; 2"'),
        description="a saved epoch; the best one if absent",
    )
    refused = api.REFUSED.format(field="path", reason=workspace.NOT_VALID)
    choice = api.NOT_ONE_OF.format(field="act", expected=params.CHOICE.format(choices="'stop', 'resume'"), value="1")
    assert _in_chinese(api.ARGUMENTS.format(problems="; ".join([missing, wrong, refused, choice]))) == (
        '参数有误：缺少 did（数据集的 id，例如 D0001）；epoch 必须是整数，而不是 "1; 2"'
        "（已保存的轮次；不给出则为最佳轮次）；"
        "path：路径无效；act 必须是 'stop', 'resume' 之一，而不是 1。"
    )


def test_what_jobs_tell_is_told_through_all_levels() -> None:
    reached = download.UNREACHABLE.format(host="weights.example")
    failed = training.DOWNLOAD_FAILED.format(model="PPYOLO", problem=reached)
    text = inference.NO_ERRORS.format(
        tid="T0001",
        problem=status.RESUMABLE.format(
            message=ranks.FAILED.format(rank=1, size=2, problem=failed), epoch=3, tid="T0001"
        ),
    )
    assert _in_chinese(text) == (
        "任务 T0001 没有错误列表。2 个进程中的进程 1 失败：无法下载 PPYOLO 的预训练权重："
        "无法连接 weights.example；请检查地址和网络连接。可以把 pretrain_weights 设为 null，从随机权重开始训练。"
        "可以从第 3 轮之后继续：请调用 PUT /project/task/train，tid 为 T0001，act 为 resume。"
    )


def test_several_clauses_and_lines_are_told_one_by_one() -> None:
    files = "\n".join(
        [
            dataset.BAD_FILE_LINE.format(file="it is empty; a.jpg", problem=dataset.EMPTY_FILE),
            dataset.BAD_FILE_LINE.format(
                file="b.xml",
                problem="; ".join(
                    [
                        dataset.XML_NO_NAME.format(number=1),
                        dataset.XML_NO_BOX.format(number=2),
                        dataset.XML_DOCTYPE,
                        dataset.MORE_PROBLEMS.format(more=4),
                    ]
                ),
            ),
        ]
    )
    assert _in_chinese(dataset.BAD_FILES.format(count=2, files=files)) == (
        "数据集中有 2 个有问题的文件：\n- it is empty; a.jpg：文件为空\n- b.xml：目标 1 没有 name；"
        "目标 2 没有包含数字 xmin、ymin、xmax 和 ymax 的 bndbox；"
        "它含有文档类型声明，不被接受；请删除该声明；另有 4 个问题\n请更正或删除这些文件，然后重新导入。"
    )


def test_clauses_that_are_not_known_stay_among_those_that_are() -> None:
    text = params.IMPOSSIBLE.format(
        problems=f"{params.NOT_ASCENDING.format(value='[2, 1]')}; a clause of another version"
    )
    assert _in_chinese(text) == (
        "这些训练参数不可用：lr_decay_epochs 必须递增，例如 [4, 6, 8]，而不是 [2, 1]; a clause of another version。"
    )


def test_the_waiting_sentence_names_the_jobs() -> None:
    named = [jobs.JOB.format(kind=kind, subject=tid) for kind, tid in (("train", "T0001"), ("export", "T0002"))]
    for told, of in (
        (named[:1], "T0001 的训练"),
        (named, "T0001 的训练、T0002 的导出"),
        ([*named, MORE.format(more=4)], "T0001 的训练、T0002 的导出、另有 4 个"),
    ):
        text = jobs.WAITING_FOR_PROCESSOR.format(place=3, running=2, slots=2, jobs=", ".join(told))
        assert _in_chinese(text) == f"正在排队，第 3 位：2 个处理器槽位已占用 2 个，占用者为 {of}。"


@pytest.mark.parametrize("name", ["train", "the file is empty", "The training failed.", "text; train", "{tid}", "{0}"])
def test_what_users_named_stays_as_it_is(name: str) -> None:
    text = workspace.NO_ENTRY.format(noun="dataset", id=name)
    assert _in_chinese(text) == f"没有数据集 {name}；请对照现有的列表检查该 id。"
    assert _in_chinese(dataset.UNKNOWN_IMAGE.format(image=name)) == f"{name} 不是数据集中的图片。"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a text that nobody here has made",
        "ResNet cannot be found",
        "numpy: shapes (2,3) and (4,5) not aligned",
        "a list of files (old)",
        "{files}",
        "Es fehlt etwas.",
        "数据集中有",
    ],
)
def test_what_is_not_recognised_stays_as_it_is(text: str) -> None:
    assert _in_chinese(text) == text


def test_in_the_language_of_the_sources_nothing_changes() -> None:
    assert sentence(status.DATASET_EMPTY, SOURCE) == status.DATASET_EMPTY


def test_a_field_that_comes_twice_has_one_value() -> None:
    template = Template.parse(api.MISSPELT)
    assert template.match("did is missing; id is no argument of this call, did you mean did?") is not None
    assert template.match("did is missing; id is no argument of this call, did you mean pid?") is None


@pytest.mark.parametrize("part", ["a: b (c", "; ", ": ", " of ", " and 1 more", "\n- a: b; ", " must be "])
def test_texts_that_look_as_if_they_had_no_end_take_little_time(part: str) -> None:
    text = api.ARGUMENTS.format(problems=part * (4096 // len(part)))
    # Of this thread alone: others may have the cores meanwhile.
    begun = time.thread_time()
    _in_chinese(text)
    assert time.thread_time() - begun < 20


def test_what_is_expected_of_a_parameter_and_how_a_process_ended_are_told_with_their_words() -> None:
    shape = params.SHAPE.format(sides=params.WIDTH_HEIGHT, least=16, most=4096)
    assert _in_chinese(_OUTER.format(shape)) == _OUTER_TOLD.format("两个整数（宽和高），范围是 16 至 4096")
    ended = serving.NOT_LOADED.format(how=serving.KILLED.format(number=9, name="SIGKILL"), log="a.log")
    assert _in_chinese(ended) == "预测进程在加载模型时结束（信号 9：SIGKILL）。详情见其日志：a.log。"
