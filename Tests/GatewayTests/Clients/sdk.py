"""Drives a running gateway with the stock OpenAI SDK.

Usage: sdk.py GATEWAY_URL SIMULATOR_URL SCENARIO
"""

import base64
import io
import json
import pathlib
import re
import socket
import sys
import time
import urllib.request

import openai
from PIL import Image

gateway, simulator, scenario = sys.argv[1:4]
client = openai.OpenAI(base_url=gateway + "/v1", api_key="sk-client-canary", max_retries=0)
weather = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(simulator + path, data=data, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def fault(route, **members):
    control("POST", "/simulator/faults", {"route": route, **members})


def received(route):
    requests = control("GET", "/simulator/requests")
    return [json.loads(r["body"]) for r in requests if r["route"] == route]


def chat(text, **options):
    return client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": text}], **options
    )


def streamed(text, **options):
    """The joined answer of a stream: text, finish reasons, client calls, chunks."""
    return join(chat(text, stream=True, **options))


def join(stream):
    text, reasons, calls, chunks = "", [], {}, []
    for chunk in stream:
        chunks.append(chunk)
        for choice in chunk.choices:
            text += choice.delta.content or ""
            if choice.finish_reason:
                reasons.append(choice.finish_reason)
            for call in choice.delta.tool_calls or []:
                entry = calls.setdefault(call.index, {"id": "", "name": "", "arguments": ""})
                entry["id"] += call.id or ""
                entry["name"] += call.function.name or ""
                entry["arguments"] += call.function.arguments or ""
    return text, reasons, calls, chunks


def pictures(text):
    urls = re.findall(r"!\[[^\]]*\]\((\S+?)\)", text)
    for url in urls:
        with urllib.request.urlopen(url, timeout=60) as answer:
            Image.open(io.BytesIO(answer.read())).verify()
    return urls


def wait(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_plain():
    answer = chat("hello")
    assert answer.choices[0].message.content.startswith("You said: hello")
    assert answer.usage.total_tokens > 0
    text, reasons, calls, chunks = streamed("hello")
    assert text == answer.choices[0].message.content and reasons == ["stop"] and not calls
    assert len({chunk.id for chunk in chunks}) == 1
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    )
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-easel-provider"] and raw.headers["x-easel-model"] == "gpt-4o"
    twice = {"extra_body": {"Model": "gpt-5"}}
    assert raises(openai.BadRequestError, lambda: chat("hi", **twice)).param == "model"


def test_picture():
    for answer in (chat("draw a fox").choices[0].message.content, streamed("draw a fox")[0]):
        assert answer.startswith("One moment")
        assert len(pictures(answer)) == 1
        assert "Here is your picture of a fox" in answer
    text, reasons, calls, chunks = streamed(
        "draw two pictures of a fox", stream_options={"include_usage": True}
    )
    assert len(pictures(text)) == 2 and reasons == ["stop"] and not calls
    assert len({chunk.id for chunk in chunks}) == 1
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert len(usages) == 1 and usages[0].total_tokens > usages[0].completion_tokens > 0


def test_outputs():
    message = chat("draw a fox", extra_body={"easel": {"image_output": "images"}}).choices[0].message
    assert not pictures(message.content) and len(message.images) == 1
    assert message.easel["images"][0]["provider"] == "simulated"
    message = chat("draw a fox", extra_body={"modalities": ["text", "image"]}).choices[0].message
    assert len(message.images) == 1
    text, _, _, _ = streamed("draw a fox", extra_headers={"x-easel-image-tool": "off"})
    assert not pictures(text)
    _, _, _, chunks = streamed("draw a fox", extra_body={"easel": {"events": True}})
    events = [chunk.easel for chunk in chunks if getattr(chunk, "easel", None)]
    assert [e["type"] for e in events] == ["tool_call_start", "tool_call_result"], events
    fault("images", delay_ms=2500)
    _, _, _, chunks = streamed("draw a fox", extra_body={"easel": {"events": True}})
    events = [chunk.easel for chunk in chunks if getattr(chunk, "easel", None)]
    kinds = [event["type"] for event in events]
    assert kinds == ["tool_call_start", "tool_call_progress", "tool_call_result"], kinds
    for event in events:
        assert event["tool_call_id"] and event["provider"] == "simulated", event
        assert event["model"] == "gpt-image-1" and event["cost_usd"] == 0.04, event
    assert [e["elapsed_ms"] for e in events] == sorted(e["elapsed_ms"] for e in events)


def test_client_tools():
    _, reasons, calls, _ = streamed("what is the weather in Paris?", tools=[weather])
    assert reasons == ["tool_calls"] and list(calls) == [0]
    assert calls[0]["name"] == "get_weather" and json.loads(calls[0]["arguments"])["city"]
    answer = chat("what is the weather in Paris?", tools=[weather]).choices[0]
    assert answer.finish_reason == "tool_calls"
    assert answer.message.tool_calls[0].function.name == "get_weather"


def test_mixed_tools():
    question = "draw a picture of the weather in Paris"
    text, reasons, calls, _ = streamed(question, tools=[weather])
    assert len(pictures(text)) == 1 and reasons == ["tool_calls"]
    assert list(calls) == [0] and calls[0]["name"] == "get_weather"
    follow_up(question, text, calls[0])
    choice = chat(question, tools=[weather]).choices[0]
    assert choice.finish_reason == "tool_calls" and len(pictures(choice.message.content)) == 1
    call = choice.message.tool_calls[0]
    assert len(choice.message.tool_calls) == 1 and call.function.name == "get_weather"
    follow_up(
        question,
        choice.message.content,
        {"id": call.id, "name": call.function.name, "arguments": call.function.arguments},
    )


def follow_up(question, text, call):
    """The client comes back with its result; the simulator refuses incomplete conversations."""
    function = {"name": call["name"], "arguments": call["arguments"]}
    answer = client.chat.completions.create(
        model="gpt-4o",
        tools=[weather],
        messages=[
            {"role": "user", "content": question},
            {
                "role": "assistant",
                "content": text,
                "tool_calls": [{"id": call["id"], "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": call["id"], "content": "sunny"},
        ],
    )
    assert "sunny" in answer.choices[0].message.content
    turn = received("chat")[-1]["messages"][1]
    assert {entry["function"]["name"] for entry in turn["tool_calls"]} == {
        "get_weather",
        "generate_image",
    }


def test_images():
    answer = client.images.generate(prompt="a fox", model="gpt-image-1", size="1536x1024")
    picture = Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json)))
    assert picture.size == (1536, 1024)
    answer = client.images.generate(prompt="a fox", model="dall-e-3", response_format="url", n=2)
    assert len(answer.data) == 2 and answer.data[0].revised_prompt
    with urllib.request.urlopen(answer.data[0].url, timeout=60) as response:
        assert Image.open(io.BytesIO(response.read())).size == (1024, 1024)
        tag = response.headers["etag"]
    request = urllib.request.Request(answer.data[0].url, headers={"range": "bytes=0-7"})
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 206 and response.read() == b"\x89PNG\r\n\x1a\n"
    # A range means something to GET alone.
    request.method = "HEAD"
    with urllib.request.urlopen(request, timeout=60) as response:
        assert response.status == 200 and int(response.headers["content-length"]) > 8
    request = urllib.request.Request(answer.data[0].url, headers={"if-none-match": tag})
    try:
        urllib.request.urlopen(request, timeout=60)
        assert False
    except urllib.error.HTTPError as error:
        assert error.code == 304
    raises(openai.NotFoundError, lambda: client.get("/images/img_0", cast_to=object))
    error = raises(openai.BadRequestError, lambda: client.images.generate(prompt="forbidden"))
    assert error.code == "moderation_blocked"
    events = list(client.images.generate(prompt="a fox", model="dall-e-3", stream=True))
    assert [event.type for event in events] == ["image_generation.completed"]
    assert Image.open(io.BytesIO(base64.b64decode(events[0].b64_json))).size == (1024, 1024)
    error = raises(openai.BadRequestError, lambda: client.images.generate(prompt="x", n=99))
    assert error.param == "n"
    # What nobody knows is not sent, and named.
    more = {"extra_body": {"aspect_ratio": "16:9", "loras": []}}
    answer = client.images.generate(prompt="a fox", **more)
    named = ["aspect_ratio: unknown, and not sent", "loras: unknown, and not sent"]
    assert answer.easel["adjusted"] == named, answer.easel
    assert "aspect_ratio" not in received("images")[-1]
    answer = client.images.edit(
        prompt="x", image=picture_file((64, 64)), extra_body={"aspect_ratio": "16:9"}
    )
    assert answer.easel["adjusted"] == named[:1], answer.easel


def test_fallback():
    fault("images", status=500, body='{"error":{"message":"boom"}}')
    raw = client.images.with_raw_response.generate(prompt="a fox")
    assert raw.headers["x-easel-model"] == "dall-e-3"
    assert "gpt-image-1" in raw.headers["x-easel-fallback"]
    # A refusal is not shopped around, and the model is told why.
    control("DELETE", "/simulator/requests")
    text, reasons, _, _ = streamed("draw a forbidden fox")
    assert "I may not draw that" in text and reasons == ["stop"] and not pictures(text)
    assert len(received("images")) == 1
    fault("images", status=500)
    fault("images", status=503)
    text = chat("draw a fox").choices[0].message.content
    assert "could not be made" in text


def raises(kind, action):
    try:
        action()
    except kind as error:
        return error
    raise AssertionError(f"{kind} was not raised")


def test_errors():
    fault("chat", status=429, body='{"error":{"message":"slow","type":"t","code":"c"}}', retry_after="7")
    error = raises(openai.RateLimitError, lambda: chat("hi"))
    assert error.code == "c" and error.response.headers["retry-after"] == "7"
    fault("chat", status=401, body='{"error":{"message":"key"}}')
    raises(openai.AuthenticationError, lambda: streamed("hi"))
    fault("chat", status=500, body="<html>", content_type="text/html")
    raises(openai.InternalServerError, lambda: chat("hi"))
    raises(openai.BadRequestError, lambda: chat("hi", extra_body={"easel": {"nonsense": 1}}))
    raises(openai.NotFoundError, lambda: client.get("/nothing", cast_to=object))
    fault("chat", reset_after=0)
    raises(openai.InternalServerError, lambda: chat("hi"))
    fault("chat", cut_after=300)
    raises(openai.APIError, lambda: streamed("hello"))
    fault("chat", reset_after=300)
    raises(openai.APIError, lambda: streamed("hello"))
    fault("chat", replay='data: {"error":{"message":"no","code":429}}\n\n')
    raises(openai.RateLimitError, lambda: streamed("hello"))
    # A 200 that is no answer is no stream without words either.
    fault("chat", status=200, body="<html>", content_type="text/html")
    error = raises(openai.InternalServerError, lambda: streamed("hello"))
    assert error.code == "upstream_malformed"
    fault("chat", status=200, body='{"error":{"message":"no","code":429}}')
    raises(openai.RateLimitError, lambda: streamed("hello"))
    # A body that is announced too long is refused like one that is: with an id, by name, in the log.
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nX-Request-Id: long-1\r\n"
    answer = raw_exchange(f"{head}Content-Length: 99999999999\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 413 "), answer
    assert b"x-request-id: long-1\r\n" in answer and b'"payload_too_large"' in answer


def test_unstreamed():
    """An upstream that answers in one piece where a stream was asked for."""
    arguments = json.dumps({"prompt": "a fox"})
    call = {"name": "generate_image", "arguments": arguments}
    calls = [{"id": "call_1", "type": "function", "function": call}]
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}

    def answer(reason, **message):
        choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant"} | message}
        fault("chat", status=200, body=json.dumps(head | {"choices": [choice]}))

    answer("tool_calls", content="Look:", tool_calls=calls)
    answer("stop", content="There.")
    usage_wanted = {"stream_options": {"include_usage": True}}
    text, reasons, others, chunks = streamed("a fox", **usage_wanted)
    assert text.startswith("Look:") and text.endswith("There.") and len(pictures(text)) == 1
    assert reasons == ["stop"] and not others
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [6]
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    call |= {"name": "get_weather", "arguments": "{}"}
    answer("tool_calls", content=None, tool_calls=calls)
    text, reasons, others, chunks = streamed("weather", tools=[weather])
    assert reasons == ["tool_calls"] and others[0]["name"] == "get_weather"


def test_splits():
    whole = streamed("draw a fox")[0]
    fault("chat", split=True)
    fault("chat", split=True)
    split = streamed("draw a fox")[0]
    assert re.sub(r"img_\w+", "", split) == re.sub(r"img_\w+", "", whole)


def test_cancellation():
    fault("chat", pace_ms=20)
    before = control("GET", "/simulator/state")["client_left"]
    stream = chat("tell me 100000 words", stream=True)
    next(iter(stream))
    stream.close()
    start = time.monotonic()
    assert wait(lambda: control("GET", "/simulator/state")["client_left"] == before + 1)
    assert time.monotonic() - start < 1.0
    # The same while a picture is being drawn, and without streaming.
    for options in ({"stream": True}, {}):
        fault("images", hang=True)
        short = client.with_options(timeout=1.0)
        raises(
            openai.APITimeoutError,
            lambda: join_if_streamed(
                short.chat.completions.create(
                    model="gpt-4o", messages=[{"role": "user", "content": "draw a fox"}], **options
                )
            ),
        )
        assert wait(lambda: control("GET", "/simulator/state")["open"] == 0)


def test_rounds():
    """A model that calls on and on, offered the tool or not, is stopped."""
    call = {
        "index": 0,
        "id": "call_1",
        "type": "function",
        "function": {"name": "generate_image", "arguments": '{"prompt": "fox"}'},
    }
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    message = {"role": "assistant", "content": "Hm.", "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    chunk = head | {"object": "chat.completion.chunk"}
    deltas = [(message, None), ({}, "tool_calls")]
    events = [
        chunk | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in deltas
    ]
    replay = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    options = {"extra_body": {"easel": {"max_tool_iterations": 3}}}
    for _ in range(6):
        fault("chat", replay=replay)
    text, reasons, calls, _ = streamed("draw a fox", **options)
    assert len(received("chat")) == 3 and len(received("images")) == 2
    assert reasons == ["stop"] and not calls and len(pictures(text)) == 2, text
    control("DELETE", "/simulator/requests")
    for _ in range(6):
        fault("chat", status=200, body=json.dumps(head | {"choices": [choice]}))
    answer = chat("draw a fox", **options).choices[0]
    assert len(received("chat")) == 3 and len(received("images")) == 2
    assert answer.finish_reason == "stop" and answer.message.tool_calls is None
    assert len(pictures(answer.message.content)) == 2


def test_malformed():
    """The malformed requests, and those that only look so, against the whole gateway."""
    folder = pathlib.Path(__file__).parents[2] / "HTTPTests/Fixtures/http"
    framing_errors = {"411", "413", "414", "417", "431", "501", "505"}
    for case in json.loads((folder / "requests.json").read_text())["cases"]:
        status = exchange(base64.b64decode(case["bytes"]))
        expected = case["expect"].split("|")
        fits = status in expected
        if "accept" in expected:
            fits = fits or status not in framing_errors | {None}
        elif set(expected) & {"incomplete", "close"}:
            fits = fits or status is None or not status.startswith("2")
        assert fits, (case["name"], expected, status)


def exchange(request):
    """The status of a raw request's first answer; None where there is none."""
    answer = raw_exchange(request)
    while answer.startswith(b"HTTP/1.1 100 "):
        answer = answer.partition(b"\r\n\r\n")[2]
    return answer[9:12].decode() if answer.startswith(b"HTTP/1.1 ") else None


def raw_exchange(request):
    """All that is answered to the bytes of a request."""
    host, port = gateway.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=15) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def join_if_streamed(answer):
    return join(answer) if isinstance(answer, openai.Stream) else answer


def test_confirm():
    options = {"extra_body": {"easel": {"image_tool": "confirm"}}}
    text, reasons, calls, chunks = streamed("draw a fox", **options)
    assert not pictures(text) and reasons == ["stop"] and not calls and not received("images")
    offers = [chunk.easel["imageGenerations"] for chunk in chunks if getattr(chunk, "easel", None)]
    assert len(offers) == 1 and chunks[-1].easel["imageGenerations"] == offers[0]
    offer = offers[0][0]
    assert offer["status"] == "pending" and offer["provider"] == "simulated", offer
    assert offer["prompt"] and offer["cost"] > 0 and offer["qualityTier"] and offer["constraints"]
    assert offer["availableAlternatives"][0]["model"] == "dall-e-3"
    draw = lambda client: client.images.with_raw_response.generate(
        prompt="", response_format="url", extra_body={"easel": {"proposal": offer["id"]}}
    )
    first, second = draw(client), draw(client)
    assert len(received("images")) == 1, "a second yes was paid for"
    assert first.parse().data[0].url == second.parse().data[0].url
    assert float(first.headers["x-easel-cost-usd"]) > 0 == float(second.headers["x-easel-cost-usd"])
    stranger = openai.OpenAI(base_url=gateway + "/v1", api_key="another", max_retries=0)
    raises(openai.NotFoundError, lambda: draw(stranger))
    proposals(offer, first.parse().data[0].url)
    message = chat("draw a fox", **options).choices[0].message
    assert not pictures(message.content)
    assert message.easel["imageGenerations"][0]["status"] == "pending"


def proposals(offer, url):
    """The other ways to a proposal: what it would be, and the short form of having it drawn."""
    root = openai.OpenAI(base_url=gateway, api_key="sk-client-canary", max_retries=0)
    stranger = openai.OpenAI(base_url=gateway, api_key="another", max_retries=0)
    body = lambda id: {"easel": {"proposal": id}}
    plan = root.post("/v1/images/plan", cast_to=object, body=body(offer["id"]))
    assert plan["prompt"] == offer["prompt"] and plan["cost"] == offer["cost"], plan
    short = root.post("/generate-image", cast_to=object, body=body(offer["id"]))
    assert short["imageUrl"] == url and short["model"] == offer["model"], short
    assert len(received("images")) == 1, "a second yes was paid for"
    for path in ("/v1/images/plan", "/generate-image"):
        for who, id in ((stranger, offer["id"]), (root, "prop_" + "0" * 32)):
            error = raises(openai.NotFoundError, lambda: who.post(path, cast_to=object, body=body(id)))
            assert error.code == "proposal_not_found", error
    assert len(received("images")) == 1
    # The short form comes first here, and draws what was proposed.
    (other,) = chat(
        "draw a hare", extra_body={"easel": {"image_tool": "confirm"}}
    ).choices[0].message.easel["imageGenerations"]
    short = root.post("/generate-image", cast_to=object, body=body(other["id"]))
    assert received("images")[-1]["prompt"] == other["prompt"], received("images")
    again = client.images.generate(prompt="", response_format="url", extra_body=body(other["id"]))
    assert again.data[0].url == short["imageUrl"] and len(received("images")) == 2


def test_keys():
    """Providers get another idempotency key for every job, whatever the client calls its requests."""

    def keys():
        requests = control("GET", "/simulator/requests")
        return [r["headers"]["idempotency-key"] for r in requests if r["route"] == "images"]

    def expect(count):
        found = keys()
        assert len(found) == count and len(set(found)) == count and all(found), found

    # Two calls of the tool in one turn.
    names = ["red fox", "blue hare"]
    calls = [
        {
            "id": f"call_{name[:3]}",
            "type": "function",
            "function": {"name": "generate_image", "arguments": json.dumps({"prompt": name})},
        }
        for name in names
    ]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    fault("chat", status=200, body=json.dumps(head | {"choices": [choice]}))
    assert len(pictures(chat("draw both").choices[0].message.content)) == 2
    assert sorted(r["prompt"] for r in received("images")) == sorted(names)
    expect(2)
    # Two requests with one id, of which one falls back to another model of the same provider.
    same = {"extra_headers": {"x-request-id": "constant"}}
    client.images.generate(prompt="a fox", **same)
    fault("images", status=503)
    client.images.generate(prompt="a hare", **same)
    expect(5)
    assert {r["model"] for r in received("images")} == {"gpt-image-1", "dall-e-3"}
    # The repetition of an SDK that got no answer is no second job.
    hasty = client.with_options(timeout=1.5, max_retries=2)
    fault("images", delay_ms=1800)
    hasty.images.generate(prompt="a deer", **same)
    expect(6)


def picture_file(size, color=(200, 30, 30, 255)):
    file = io.BytesIO()
    Image.new("RGBA", size, color).save(file, "PNG")
    file.seek(0)
    file.name = "picture.png"
    return file


def test_edits():
    import base64

    image, mask = picture_file((64, 64)), picture_file((64, 64), (0, 0, 0, 0))
    answer = client.images.edit(
        image=image, mask=mask, prompt="make it blue", model="gpt-image-1", size="1024x1024"
    )
    assert Image.open(io.BytesIO(base64.b64decode(answer.data[0].b64_json))).size == (1024, 1024)
    sent = [r for r in control("GET", "/simulator/requests") if r["path"].endswith("/images/edits")]
    assert len(sent) == 1 and sent[0]["headers"]["content-type"].startswith("multipart/form-data")
    answer = client.images.edit(
        image=[picture_file((64, 64)), picture_file((32, 32))], prompt="put them side by side"
    )
    assert len(answer.data) == 1
    events = list(
        client.images.edit(
            image=picture_file((64, 64)), prompt="x", model="gpt-image-1", stream=True, partial_images=1
        )
    )
    kinds = [event.type for event in events]
    assert kinds == ["image_edit.partial_image", "image_edit.completed"], kinds
    edits_of_json()
    bad = lambda **options: raises(openai.BadRequestError, lambda: client.images.edit(**options))
    no_picture = io.BytesIO(b"hello")
    no_picture.name = "x.png"
    assert bad(image=no_picture, prompt="x").param == "image"
    assert bad(image=picture_file((64, 64)), prompt="").param == "prompt"
    # dall-e-3 cannot edit: named, that is an error that says so.
    error = raises(
        openai.APIStatusError,
        lambda: client.images.edit(image=picture_file((8, 8)), prompt="x", model="dall-e-3"),
    )
    assert "cannot do: edit" in error.message, error.message
    error = raises(
        openai.APIStatusError, lambda: client.images.create_variation(image=picture_file((64, 64)))
    )
    assert "variation" in error.message
    plan = client.post(
        "/images/plan", cast_to=object, body={"prompt": "a fox", "size": "1792x1024", "n": 2}
    )
    assert plan["provider"] == "simulated" and plan["model"] == "gpt-image-1", plan
    assert plan["cost"] == 0.08 and plan["size"] == "1536x1024" and plan["availableAlternatives"]
    root = openai.OpenAI(base_url=gateway, api_key="x", max_retries=0)
    short = root.post("/generate-image", cast_to=object, body={"prompt": "a fox"})
    assert short["provider"] == "simulated" and short["fallbackUsed"] is False, short
    with urllib.request.urlopen(short["imageUrl"], timeout=60) as response:
        Image.open(io.BytesIO(response.read())).verify()


def edits_of_json():
    """The same with a JSON body, whose pictures are in it, or at URLs of the public Internet."""

    def edit(*urls):
        body = {"prompt": "make it blue", "images": [{"image_url": url} for url in urls]}
        return client.post("/images/edits", cast_to=object, body=body)

    text = base64.b64encode(picture_file((64, 64)).read()).decode()
    answer = edit("data:image/png;base64," + text)
    Image.open(io.BytesIO(base64.b64decode(answer["data"][0]["b64_json"]))).verify()
    for url, reason in (
        ("https://127.0.0.1:1/a.png", "cannot be reached on the public Internet"),
        ("https://169.254.169.254/latest", "cannot be reached on the public Internet"),
        (gateway + "/v1/images/img_0", "only https URLs are fetched"),
        ("a.png", "with an https URL"),
    ):
        error = raises(openai.BadRequestError, lambda: edit(url))
        assert error.param == "images" and reason in error.message, error
    # Whether a request is paid for already is looked up before any picture is fetched.
    keyed = {"headers": {"idempotency-key": "one"}}
    client.images.generate(prompt="a fox", extra_headers=keyed["headers"])
    body = {"prompt": "x", "images": ["https://127.0.0.1:1/a.png"]}
    error = raises(
        openai.UnprocessableEntityError,
        lambda: client.post("/images/edits", cast_to=object, body=body, options=keyed),
    )
    assert error.code == "idempotency_key_reused", error


def converse(*messages, stream=False, model="gpt-4o", **options):
    """Text, finish reasons, client calls and chunks of an answer, streamed or not."""
    answer = client.chat.completions.create(
        model=model, messages=list(messages), stream=stream, **options
    )
    if stream:
        return join(answer)
    choice = answer.choices[0]
    calls = {
        index: {"id": c.id, "name": c.function.name, "arguments": c.function.arguments}
        for index, c in enumerate(choice.message.tool_calls or [])
    }
    return choice.message.content, [choice.finish_reason], calls, [answer]


def user(text, *urls):
    if not urls:
        return {"role": "user", "content": text}
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"role": "user", "content": [{"type": "text", "text": text}] + parts}


def drawn():
    """A conversation with a picture of the gateway's, and the picture's URL."""
    content = chat("draw a fox").choices[0].message.content
    (url,) = pictures(content)
    control("DELETE", "/simulator/requests")
    return [user("draw a fox"), {"role": "assistant", "content": content}], url


def bytes_at(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return answer.read()


def forms():
    """What /images/edits got: the fields and files of each form."""
    result = []
    for request in control("GET", "/simulator/requests"):
        if not request["path"].endswith("/images/edits"):
            continue
        boundary = request["headers"]["content-type"].split("boundary=")[1].strip('"')
        body = base64.b64decode(request["body_base64"])
        form = {}
        for part in body.split(b"--" + boundary.encode())[1:-1]:
            head, value = part.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
            name = re.search(rb'name="([^"]*)"', head)[1].decode()
            form[name] = value.removesuffix(b"\r\n")
        result.append(form)
    return result


def offered(request):
    return [tool["function"]["name"] for tool in request.get("tools", [])]


def png(colour, size=(64, 64)):
    file = io.BytesIO()
    Image.new("RGBA", size, colour).save(file, "PNG")
    return file.getvalue()


def data_url(picture):
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def test_edit():
    chat("draw a fox")
    tools = [offered(request) for request in received("chat")]
    assert tools == [["generate_image"], ["generate_image", "edit_image"]], tools
    for stream in (False, True):
        history, url = drawn()
        text, reasons, calls, chunks = converse(*history, user("make it blue"), stream=stream)
        assert reasons == ["stop"] and not calls
        (form,) = forms()
        assert form["image"] == bytes_at(url) and form["prompt"] == b"make it blue"
        (changed,) = pictures(text)
        assert changed != url and "![make it blue]" in text and "Here is your picture" in text
        # A change of the change, by number: both pictures are known.
        history += [user("make it blue"), {"role": "assistant", "content": text}]
        converse(*history, user("edit image_1 again"), stream=stream)
        converse(*history, user(f"edit {changed} again"), stream=stream)
        assert [f["image"] for f in forms()[1:]] == [bytes_at(url), bytes_at(changed)]
        assert all("base64" not in json.dumps(request) for request in received("chat"))
    # Pictures in `images` (OpenRouter's convention) come back there as well.
    images = {"extra_body": {"easel": {"image_output": "images", "events": True}}}
    message = chat("draw a fox", **images).choices[0].message
    turn = {"role": "assistant", "content": message.content, "images": message.images}
    control("DELETE", "/simulator/requests")
    text, _, _, chunks = converse(user("draw a fox"), turn, user("make it red"), stream=True, **images)
    (form,) = forms()
    assert form["image"] == bytes_at(message.images[0]["image_url"]["url"])
    events = [chunk.easel for chunk in chunks if getattr(chunk, "easel", None)]
    assert [event["type"] for event in events] == ["tool_call_start", "tool_call_result"]
    assert {event["name"] for event in events} == {"edit_image"} and events[0]["prompt"] == "make it red"
    assert not pictures(text) and sum("images" in c.choices[0].delta.to_dict() for c in chunks if c.choices) == 1


def test_edit_inputs():
    red, green = png("red"), png("green")
    for stream in (False, True):
        control("DELETE", "/simulator/requests")
        text, reasons, _, _ = converse(user("turn it into a painting", data_url(red)), stream=stream)
        assert reasons == ["stop"] and len(pictures(text)) == 1
        assert [form["image"] for form in forms()] == [red]
        # The model sees what its user sent.
        assert received("chat")[0]["messages"][0]["content"][1]["image_url"]["url"] == data_url(red)
    control("DELETE", "/simulator/requests")
    converse(user("change image_2", data_url(red), data_url(green)))
    said = {"role": "assistant", "content": f"Look: ![x]({data_url(green)})"}
    converse(user("hi"), said, user("change image_1"))
    assert [form["image"] for form in forms()] == [green, green]
    assert "base64" not in json.dumps(received("chat")[2:])
    # A picture of the gateway's that the user shows by its URL is read from the store.
    _, url = drawn()
    assert len(pictures(converse(user("make it blue", url))[0])) == 1
    assert [form["image"] for form in forms()] == [bytes_at(url)]
    # With a mask, which a scripted model asks for.
    hole = png((0, 0, 0, 0))
    arguments = {"prompt": "a hat", "image": "image_1", "mask": "image_2", "quality": "high", "count": 2}
    control("DELETE", "/simulator/requests")
    script("edit_image", arguments)
    text, _, _, _ = converse(user("a hat here", data_url(red), data_url(hole)), stream=True)
    (form,) = forms()
    assert form["image"] == red and form["mask"] == hole and form["n"] == b"2", form.keys()
    assert len(pictures(text)) == 2


def script(name, arguments):
    """The next streamed answer of the chat model is this call."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    delta = {"role": "assistant", "tool_calls": [{"index": 0, "id": "call_1", "function": function}]}
    chunks = [
        {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    ]
    base = {"id": "chatcmpl-s", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    events = [f"data: {json.dumps(base | chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]
    fault("chat", replay="".join(events))


def test_edit_errors():
    history, url = drawn()
    picture = url.rsplit("/", 1)[1]
    gone = "img_" + "0" * 32

    def refused(*messages, stream):
        text, reasons, calls, _ = converse(*messages, stream=stream)
        assert reasons == ["stop"] and not calls and "![" not in text, text
        assert "could not be made" in text, text
        return text

    for stream in (False, True):
        text = refused(*history, user("change img_unknown to blue"), stream=stream)
        assert "There is no picture 'img_unknown' in this conversation" in text
        assert f"Known pictures: image_1 ({picture})." in text
        text = refused(user(f"change {gone} to blue"), stream=stream)
        assert f"image_1 cannot be used: there is no picture {gone}, or no longer" in text
        assert "There is no other picture in this conversation" in text
        # Only what the user has shown has a name: a model cannot be talked into fetching.
        text = refused(*history, user(f"change {simulator}/files/1.png"), stream=stream)
        assert "There is no picture 'http" in text
        text = refused(user("make it blue", "https://127.0.0.1:1/x.png"), stream=stream)
        assert "cannot be reached on the public Internet" in text
        text = refused(user("make it blue", "data:image/png;base64,SGVsbG8="), stream=stream)
        assert "it is no PNG" in text
    assert not forms()
    assert not any(r["route"] == "files" for r in control("GET", "/simulator/requests"))
    # Where there is nothing that could be changed, the tool is not there.
    control("DELETE", "/simulator/requests")
    converse(user("make it blue"))
    converse(user("make it blue", "http://127.0.0.1:1/x.png"))
    converse(*history, user("make it blue"), extra_headers={"x-easel-image-tool": "off"})
    assert [offered(request) for request in received("chat")] == [["generate_image"]] * 2 + [[]]
    # A provider's refusal is told, and the picture budget holds for both tools together.
    text, _, _, _ = converse(*history, user("make it forbidden"))
    assert "I may not draw that" in text
    script("edit_image", {"prompt": "x", "image": picture, "count": 3})
    script("generate_image", {"prompt": "y", "count": 2})
    text, _, _, _ = converse(*history, user("hello"), stream=True)
    assert len(pictures(text)) == 3 and "Only 1 more" in json.dumps(received("chat")[-1])


def test_edit_turns():
    # The client's own edit_image is the client's.
    own = {
        "type": "function",
        "function": {
            "name": "edit_image",
            "parameters": {"type": "object", "properties": {"where": {"type": "string"}}},
        },
    }
    history, url = drawn()
    for stream in (False, True):
        text, reasons, calls, _ = converse(
            *history, user("please edit_image in Paris"), stream=stream, tools=[own]
        )
        assert reasons == ["tool_calls"] and calls[0]["name"] == "edit_image", (reasons, calls)
        assert json.loads(calls[0]["arguments"]) == {"where": "Paris"}
        assert offered(received("chat")[-1]) == ["edit_image", "generate_image"]
    assert not forms()
    # A turn that calls the client's tool too: the picture, then the client's call, and back again.
    question = user("make it blue, and tell me the weather in Paris")
    for stream in (False, True):
        control("DELETE", "/simulator/requests")
        text, reasons, calls, _ = converse(*history, question, stream=stream, tools=[weather])
        assert reasons == ["tool_calls"] and len(pictures(text)) == 1 and len(forms()) == 1
        assert [call["name"] for call in calls.values()] == ["get_weather"]
        function = {"name": calls[0]["name"], "arguments": calls[0]["arguments"]}
        turn = {
            "role": "assistant",
            "content": text,
            "tool_calls": [{"id": calls[0]["id"], "type": "function", "function": function}],
        }
        result = {"role": "tool", "tool_call_id": calls[0]["id"], "content": "sunny"}
        text, reasons, _, _ = converse(*history, question, turn, result, stream=stream, tools=[weather])
        assert "sunny" in text and reasons == ["stop"]
        upstream = received("chat")[-1]["messages"][3]
        names = {entry["function"]["name"] for entry in upstream["tool_calls"]}
        assert names == {"get_weather", "edit_image"}
    # Asked first: nothing is changed until the user says yes, and then once.
    control("DELETE", "/simulator/requests")
    confirm = {"extra_body": {"easel": {"image_tool": "confirm"}}}
    text, _, _, chunks = converse(*history, user("make it blue"), stream=True, **confirm)
    assert not pictures(text) and not forms()
    (offer,) = [c.easel["imageGenerations"][0] for c in chunks if getattr(c, "easel", None)]
    assert offer["operation"] == "edit" and offer["model"] == "gpt-image-1" and offer["cost"] > 0
    assert offer["availableAlternatives"] == [], "dall-e-3 cannot change pictures"
    urls = {
        client.images.generate(
            prompt="", response_format="url", extra_body={"easel": {"proposal": offer["id"]}}
        ).data[0].url
        for _ in range(2)
    }
    assert len(urls) == 1 and [form["image"] for form in forms()] == [bytes_at(url)]
    text, _, _, _ = converse(user(f"change img_{'0' * 32}"), stream=True, **confirm)
    assert "could not be made" in text


def test_relay():
    answer = client.embeddings.create(model="text-embedding-3-small", input="x", encoding_format="float")
    assert answer.data[0].embedding == [0.5, 0.25]
    assert any(model.id == "gpt-image-1" for model in client.models.list())
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"
    # The upstream's key opens nothing beside what is relayed.
    for path in ("/audio/../files", "/responses/%2e%2E/files", "/audio/./..\\files"):
        head = f"POST /v1{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
        assert exchange(head.encode() + b"{}") == "400", path
    # The client's key stays here; the upstream gets its own.
    for request in control("GET", "/simulator/requests"):
        assert "canary" not in (request["authorization"] or "")


if __name__ == "__main__":
    control("DELETE", "/simulator/requests")
    globals()["test_" + scenario]()
