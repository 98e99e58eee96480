"""A real browser without a screen: Debian's chromium, driven through its own chromedriver."""

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

SECONDS = 60


def chromium(folder, width=1000, height=900, dark=False):
    """A chromium with a profile of its own under `folder`; whoever asks for it quits it."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    words = ["--headless=new", f"--user-data-dir={folder}/profile", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-extensions", "--no-proxy-server",
             # Root may not have one, nor who is in a container; the page is our own.
             "--no-sandbox"]
    for word in words:
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = Service("/usr/bin/chromedriver", log_output=str(folder / "chromedriver.log"))
    driver = webdriver.Chrome(options, service)
    driver.set_page_load_timeout(SECONDS)
    driver.set_script_timeout(SECONDS)
    # As a device has it: a headless window is never narrower than 500 pixels.
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
    if dark:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    return driver
