"""Every ImageNet class has its own Chinese name, at its own place."""

import re

import pytest
from torchvision.models import ResNet18_Weights

import seewhy.lang.classes as classes
from seewhy.lang import class_name

CATEGORIES = ResNet18_Weights.IMAGENET1K_V1.meta["categories"]


def test_the_table_follows_the_order_of_imagenet():
    english = [row[0] for row in classes.table()]
    assert len(english) == 1000
    differing = {i for i in range(1000) if english[i] != CATEGORIES[i]}
    assert all(CATEGORIES[i] == classes._ALSO.get(i) for i in differing)


def test_every_class_has_a_chinese_name_of_its_own():
    chinese = [class_name(label, "zh", index) for index, label in enumerate(CATEGORIES)]
    assert [name for name in chinese if not re.search("[\u4e00-\u9fff]", name)] == []
    assert len(set(chinese)) == 1000


@pytest.mark.parametrize(
    ("index", "label", "chinese"),
    [
        (0, "tench", "丁鱥"),
        (1, "goldfish", "金鱼"),
        (99, "goose", "鹅"),
        (100, "black swan", "黑天鹅"),
        (281, "tabby", "虎斑猫"),
        (282, "tiger cat", "虎猫"),
        (285, "Egyptian cat", "埃及猫"),
        (388, "giant panda", "大熊猫"),
        (499, "cleaver", "切肉刀"),
        (500, "cliff dwelling", "崖居"),
        (817, "sports car", "跑车"),
        (954, "banana", "香蕉"),
        (967, "espresso", "浓缩咖啡"),
        (999, "toilet tissue", "卫生纸"),
    ],
)
def test_known_classes_are_named_rightly(index, label, chinese):
    assert class_name(label, "zh", index) == class_name(label, "zh") == chinese


def test_the_index_tells_apart_classes_that_share_a_label():
    assert class_name("crane", "zh", 134) == class_name("crane bird", "zh", 134) == "鹤"
    assert class_name("crane", "zh", 517) == "起重机"
    assert class_name("maillot", "zh", 638) == "紧身连体衣"
    assert class_name("maillot", "zh", 639) == class_name("maillot tank suit", "zh", 639) == "连体泳衣"
    assert class_name("crane", "zh") == "crane"


def test_what_has_no_sure_translation_stays_as_it_is():
    assert class_name("my own class", "zh") == "my own class"
    assert class_name("我的类别", "zh", 3) == "我的类别"
    assert class_name("kite", "zh", 3) == "kite"  # another network's kite, perhaps a toy
    assert class_name("kite", "zh", 21) == "鸢"


def test_english_names_stay_as_they_are():
    assert class_name("tabby", "en", 281) == class_name("tabby") == "tabby"
