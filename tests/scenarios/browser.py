"""A customer's app in a process of its own: posts what a browser would, and prints each answer as a JSON line.

`python browser.py URL KEY USER`
"""

import json
import sys
import urllib.request


def say(url: str, key: str, method: str, path: str, body: object) -> object:
    request = urllib.request.Request(
        url + path,
        json.dumps(body).encode(),
        {"content-type": "application/json", "x-api-key": key},
        method=method,
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        return json.load(response)


def main(url: str, key: str, user: str) -> None:
    cart = {
        "cartItems": [{"name": "Hyderabadi Biryani", "quantity": 60}],
        "guestCount": 60,
        "eventDate": "2027-02-14",
        "estimatedValue": 31_000,
    }
    say(url, key, "PUT", f"/context/{user}/cart", cart)
    say(url, key, "PUT", f"/context/{user}/screen", {"screen": "menu"})
    signals = [{"signalType": "price_check", "flow": "order", "screen": "menu"}] * 7
    signals += [{"signalType": "back_navigation", "flow": "order", "screen": "menu"}] * 4
    say(url, key, "PUT", f"/context/{user}/screen", {"screen": "checkout"})
    signals += [{"signalType": "inactivity", "flow": "order", "screen": "checkout", "value": 75}]
    for number, signal in enumerate(signals):
        body = {**signal, "id": f"{user}-{number}"}
        print(json.dumps(say(url, key, "POST", f"/context/{user}/signals", body)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
