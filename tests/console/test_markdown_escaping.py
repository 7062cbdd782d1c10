"""What somebody typed is no markup: looked at in a real browser, where Streamlit renders it."""

from console.widgets.markdown import inert


def test_plain_words_stay_as_they_are() -> None:
    assert inert("Nora has 2 lessons. It is fine, isn’t it?") == "Nora has 2 lessons. It is fine, isn’t it?"
