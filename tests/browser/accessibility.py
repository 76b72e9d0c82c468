"""What axe-core finds against WCAG 2.2 AA and good practice."""

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Describing what passes takes twice as long as finding what does not.
    "resultTypes": ["violations"],
}


def violations(page):
    """Each rule that the page breaks, with the elements that break it."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return {each["id"]: [node["html"][:120] for node in each["nodes"]] for each in found}
