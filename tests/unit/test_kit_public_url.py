import pytest
from meguri_kit.public_url import PublicUrlError, read_lasting_url, read_public_url


@pytest.mark.parametrize(
    ("text", "origin", "typed"),
    [
        ("https://guide.example", "https://guide.example", "guide.example"),
        ("https://Guide.Example/", "https://guide.example", "guide.example"),
        ("https://guide.example:443", "https://guide.example", "guide.example"),
        ("https://guide.example:8602", "https://guide.example:8602", "guide.example:8602"),
        ("https://[2001:db8::1]:8602", "https://[2001:db8::1]:8602", "[2001:db8::1]:8602"),
        ("https://xn--fiq228c.example", "https://xn--fiq228c.example", "xn--fiq228c.example"),
    ],
)
def test_an_https_origin_is_taken_as_phones_reach_it(text, origin, typed):
    url = read_lasting_url(text)
    assert (url.origin, url.typed) == (origin, typed)


@pytest.mark.parametrize("host", ["localhost:8602", "guide.localhost", "127.0.0.1:8602", "[::1]:8602"])
def test_on_this_machine_http_will_do_but_no_sign_leads_there(host):
    assert read_public_url(f"http://{host}").origin == f"http://{host}"
    with pytest.raises(PublicUrlError, match="leads each phone to itself"):
        read_lasting_url(f"http://{host}")


@pytest.mark.parametrize("read", [read_public_url, read_lasting_url])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http://guide.example", "is http: phones store the guide.* over https alone.*--tls-cert.*--behind-"),
        ("http://192.168.1.20:8602", "is http"),
        ("guide.example", "is no address of a site"),
        ("ftp://guide.example", "is no address of a site"),
        ("https://", "is no address of a site"),
        ("https://guide.example/mine", "a host alone"),
        ("https://guide.example?x=1", "a host alone"),
        ("https://someone@guide.example", "a host alone"),
        ("https://guide.example:99999", "no port"),
        ("https://美祢.example", "xn--"),
        ("https://guide example", "ASCII"),
    ],
)
def test_what_cannot_be_the_public_address_is_refused_with_what_to_do(read, text, says):
    with pytest.raises(PublicUrlError, match=says):
        read(text)
