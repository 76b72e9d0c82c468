"""What the body of a text may hold, and how it stands in the page."""

import pytest
from meguri_qrguide.content.markdown import render, spoken
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.content.ruby import readings_alone, ruby_html, without_readings

RUBY = "<ruby>鍾乳洞<rp>(</rp><rt>しょうにゅうどう</rt><rp>)</rp></ruby>"


def html(body):
    return render(body, "sights/101/ja.md", 8, {101, 102})


def refused(body):
    with pytest.raises(ContentError) as error:
        html(body)
    return [str(each) for each in error.value.problems]


SHOWN = {
    "paragraphs": ("one\n\ntwo", "<p>one</p>\n<p>two</p>\n"),
    "headings": ("## one\n### two", "<h2>one</h2>\n<h3>two</h3>\n"),
    "emphasis": ("*one* **two**", "<p><em>one</em> <strong>two</strong></p>\n"),
    "a list": ("- one\n- two", "<ul><li>one</li>\n<li>two</li>\n</ul>\n"),
    "a numbered list": ("3. one\n4. two", '<ol start="3"><li>one</li>\n<li>two</li>\n</ol>\n'),
    "a link": ("[the *pools*](/s/102)", '<p><a href="/s/102">the <em>pools</em></a></p>\n'),
    "a reading": ("{鍾乳洞|しょうにゅうどう}", f"<p>{RUBY}</p>\n"),
    "braces without a reading": ("{a} {|b}", "<p>{a} {|b}</p>\n"),
    "signs of HTML": ('3 < 4 & "5" &lt;b>', "<p>3 &lt; 4 &amp; &quot;5&quot; &lt;b&gt;</p>\n"),
    "an escaped bracket": (r"\<b>", "<p>&lt;b&gt;</p>\n"),
    "signs of HTML in a reading": (
        '{<b>|"}',
        "<p><ruby>&lt;b&gt;<rp>(</rp><rt>&quot;</rt><rp>)</rp></ruby></p>\n",
    ),
    "a line that goes on": ("one\ntwo", "<p>one\ntwo</p>\n"),
    "a line of Japanese that goes on": ("水の\n*音*\n。", "<p>水の<em>音</em>。</p>\n"),
    "a line of Korean that goes on": ("물\n소리", "<p>물\n소리</p>\n"),
    "a line that ends": ("one\\\ntwo", "<p>one<br>two</p>\n"),
}


@pytest.mark.parametrize("case", SHOWN)
def test_a_body_shows_(case):
    body, shown = SHOWN[case]
    assert html(body) == shown


REFUSED = {
    "a script": ("a\n\n<script>alert(1)</script>", 10, "Raw HTML"),
    "HTML in a line": ("a\nb <b onclick=x>c</b>", 9, "Raw HTML"),
    "a comment": ("a <!-- b -->", 8, "Raw HTML"),
    "a foreign link": ("[a](https://example.org/)", 8, "Links lead to sights of this guide alone"),
    "an address alone": ("<https://example.org/>", 8, "Links lead to sights of this guide alone"),
    "a link that runs": ("[a](javascript:alert(1))", 8, "Links lead to sights of this guide alone"),
    "a link that runs, spelled otherwise": ("[a](java&#115;cript:alert(1))", 8, "Links lead to sights"),
    "a link with data": ("[a](data:text/html,x)", 8, "Links lead to sights of this guide alone"),
    "a link beyond the origin": ("[a](//s/102)", 8, "Links lead to sights of this guide alone"),
    "a link with more behind it": ("[a](/s/102?x)", 8, "Links lead to sights of this guide alone"),
    "a link to no sight": ("a\n[b](/s/103)", 9, "This guide has no sight 103"),
    "a link's title": ('[a](/s/102 "b")', 8, "Links lead to sights of this guide alone"),
    "an address kept for later": ("a\n\n[b]: /s/102", 10, "Write a link's address in the link itself"),
    "a picture": ("![a](/m/1.webp)", 8, "A picture is no part of the body"),
    "the page's heading": ("# a", 8, "Headings begin with ## or ###"),
    "an underlined heading": ("a\n===", 8, "Headings begin with ## or ###"),
    "a small heading": ("#### a", 8, "Headings begin with ## or ###"),
    "an indented paragraph": ("a\n\n    b", 10, "would be code"),
    "code": ("a `b`", 8, "Code (`)"),
    "a block of code": ("```\na\n```", 8, "Code is not taken"),
    "a quotation": ("> a", 8, "Quotations"),
    "a line across": ("a\n\n***", 10, "Lines across"),
    "lists in lists in lists": ("- " * 8 + "a", 8, "nested too deep"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_body_is_refused_with_(case):
    body, line, sentence = REFUSED[case]
    (said, *_) = refused(body)
    assert said.startswith(f"sights/101/ja.md, line {line}: ")
    assert sentence in said


def test_a_text_is_spoken_without_marks_but_with_its_readings():
    body = "## 見る\n\n*水*が\n{鍾乳洞|しょうにゅうどう}を\\\n作る。\n\n- [池](/s/102)\n- & so on"
    assert spoken(body) == "見る\n水が{鍾乳洞|しょうにゅうどう}を作る。\n池\n& so on"


def test_a_title_is_shown_with_readings_printed_without_and_spoken_by_them_alone():
    title = "{鍾乳洞|しょうにゅうどう}の<口>"
    assert ruby_html(title) == f"{RUBY}の&lt;口&gt;"
    assert without_readings(title) == "鍾乳洞の<口>"
    assert readings_alone(title) == "しょうにゅうどうの<口>"
