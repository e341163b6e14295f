"""A recording is as long as its call, has its turns at their offsets, and is the same each time."""

from __future__ import annotations

import hashlib
import io
import math
import shutil
import subprocess
import sys
import wave
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from operator import mul
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback import resources
from ringback.carrier.speech import (
    MAX_DURATION,
    SAMPLE_RATES,
    WAV_RATE,
    mp3_seconds,
    render_mp3,
    render_wav,
    synthesize,
    to_pcmu,
    to_wav,
    tone,
    utterance,
    voice_available,
)

FRAME_SECONDS = 576 / 16000
FRAME_BYTES = 108
GREETING = "Thank you for calling, how may I help you today?"
ORDER = "I would like a large pizza with mushrooms, please."
CALL = [("agent", GREETING, 1.0), ("caller", ORDER, 6.0), ("agent", "That will be twenty minutes.", 11.0)]

needs_voice = pytest.mark.skipif(not voice_available(), reason="the voice extra is not installed")
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not on PATH")
both_modes = pytest.mark.parametrize("voice", [False, pytest.param(True, marks=needs_voice)])


def sounding(recording: bytes) -> list[bool]:
    """Of each frame, whether it holds any sound: the frames of silence are empty behind their header."""
    assert len(recording) % FRAME_BYTES == 0
    return [any(recording[at + 4 : at + FRAME_BYTES]) for at in range(0, len(recording), FRAME_BYTES)]


def decoded(recording: bytes) -> array[int]:
    """The samples at 16 kHz; a decoder that complains of anything at all fails the test."""
    command = ["ffmpeg", "-v", "warning", "-xerror", "-f", "mp3", "-i", "pipe:0", "-f", "s16le", "pipe:1"]
    ran = subprocess.run(command, input=recording, capture_output=True, check=False)
    output = [line for line in ran.stderr.decode().splitlines() if "Estimating duration from bitrate" not in line]
    assert (ran.returncode, output) == (0, [])
    return array("h", ran.stdout)


def loudness(samples: array[int], start: float, end: float, rate: int = 16000) -> float:
    part = samples[int(start * rate) : int(end * rate)]
    return math.sqrt(sum(map(mul, part, part)) / len(part))


def pitch(pcm: bytes, rate: int = 8000) -> float:
    """The median pitch in Hz of what is voiced in `pcm`, by autocorrelation over 100 ms."""
    samples = array("h", pcm)
    found = []
    for at in range(0, len(samples) - rate // 10, rate // 20):
        part = samples[at : at + rate // 10]
        if loudness(part, 0, 0.1, rate) > 300:
            body = part[: len(part) * 4 // 5]
            lag = max(
                range(rate // 400, len(part) - len(body)),
                key=lambda lag: sum(map(mul, body, part[lag : lag + len(body)])),
            )
            found.append(rate / lag)
    return sorted(found)[len(found) // 2]


@both_modes
@settings(max_examples=30, deadline=None)
@given(duration=st.floats(0.05, 600), at=st.floats(0, 600))
def test_a_recording_is_as_long_as_its_call(voice: bool, duration: float, at: float) -> None:
    turns = [("agent", GREETING, 0.0), ("caller", ORDER, at)]
    assert mp3_seconds(render_mp3(turns, duration, voice=voice)) == pytest.approx(duration, abs=0.02)


@both_modes
@pytest.mark.parametrize("duration", [0, 0.001, 0.05])
def test_the_shortest_calls_have_a_frame_or_two(voice: bool, duration: float) -> None:
    assert 0 < mp3_seconds(render_mp3(CALL, duration, voice=voice)) <= 0.1


@both_modes
def test_a_recording_may_last_four_hours(voice: bool) -> None:
    recording = render_mp3([("agent", GREETING, 0.0), ("caller", "Bye.", MAX_DURATION - 2)], MAX_DURATION, voice=voice)
    assert mp3_seconds(recording) == pytest.approx(MAX_DURATION, abs=0.02)


@both_modes
@needs_ffmpeg
@pytest.mark.parametrize("duration", [0.2, 1.0, 13.37])
def test_a_decoder_plays_all_of_it_without_complaint(voice: bool, duration: float) -> None:
    samples = decoded(render_mp3(CALL, duration, voice=voice))
    assert len(samples) / 16000 == pytest.approx(duration, abs=0.02)


@needs_ffmpeg
def test_the_tone_is_one_quiet_wave_without_a_seam() -> None:
    samples = decoded(render_mp3([], 5.0, voice=False))[1600:]
    turn = 2 * math.pi * 440 / 16000
    whole = samples[: len(samples) // 400 * 400]
    sine = sum(value * math.sin(turn * n) for n, value in enumerate(whole)) * 2 / len(whole)
    cosine = sum(value * math.cos(turn * n) for n, value in enumerate(whole)) * 2 / len(whole)
    astray = max(abs(value - sine * math.sin(turn * n) - cosine * math.cos(turn * n)) for n, value in enumerate(whole))
    assert 500 < math.hypot(sine, cosine) < 2000
    assert astray < 3


def test_the_tone_that_ships_borrows_no_bits_between_frames_and_holds_whole_waves() -> None:
    shipped = resources.path("fixtures", "audio", "tone.mp3").read_bytes()
    frames = [shipped[at : at + FRAME_BYTES] for at in range(0, len(shipped), FRAME_BYTES)]
    assert {frame[:5] for frame in frames} == {bytes.fromhex("fff338c400")}
    assert {len(frame) for frame in frames} == {FRAME_BYTES}
    assert len(frames) * 576 * 440 % 16000 == 0


@needs_voice
def test_turns_are_heard_at_their_offsets_and_silence_elsewhere() -> None:
    heard = sounding(render_mp3(CALL, 20.0, voice=True))
    for _, _, offset in CALL:
        first = heard.index(True, round(offset / FRAME_SECONDS) - 5)
        assert first * FRAME_SECONDS == pytest.approx(offset, abs=0.1)
    for start, end in ((0, 0.9), (5.2, 5.9), (10.2, 10.9), (14.5, 20)):
        assert not any(heard[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]), f"{start} to {end} s"


@needs_voice
@needs_ffmpeg
def test_speech_is_loud_and_silence_is_zero() -> None:
    samples = decoded(render_mp3(CALL, 20.0, voice=True))
    for start, end in ((1.0, 3.0), (6.0, 8.0), (11.0, 12.0)):
        assert loudness(samples, start, end) > 500, f"{start} to {end} s"
    for start, end in ((0, 0.9), (5.3, 5.9), (10.3, 10.9), (15, 20)):
        assert loudness(samples, start, end) == 0, f"{start} to {end} s"
    onset = next(n for n in range(16000 * 5, len(samples)) if abs(samples[n]) > 200)
    assert onset / 16000 == pytest.approx(6.0, abs=0.1)


@needs_voice
def test_turns_out_of_order_are_put_in_order() -> None:
    assert render_mp3(CALL[::-1], 20.0, voice=True) == render_mp3(CALL, 20.0, voice=True)


@needs_voice
def test_a_turn_too_long_for_its_time_is_spoken_faster() -> None:
    roomy = sounding(render_mp3([("agent", GREETING, 0.0)], 10.0, voice=True))
    tight = sounding(render_mp3([("agent", GREETING, 0.0), ("caller", "Yes.", 2.0)], 10.0, voice=True))
    spoken = roomy.index(False) * FRAME_SECONDS
    assert spoken > 2.2
    assert tight.index(False) * FRAME_SECONDS < 2.0


@needs_voice
@needs_ffmpeg
def test_a_turn_that_does_not_fit_at_the_fastest_rate_is_cut_where_the_next_begins() -> None:
    samples = decoded(render_mp3([("agent", GREETING * 20, 0.0), ("caller", "Yes.", 4.0)], 8.0, voice=True))
    assert loudness(samples, 3.0, 3.8) > 500
    assert loudness(samples, 3.95, 3.99) < 5
    assert loudness(samples, 4.0, 4.4) > 500
    assert loudness(samples, 5.0, 8.0) == 0


@needs_voice
@pytest.mark.parametrize("offset", [5.0, 5.5, 1e300])
def test_a_turn_at_or_after_the_end_is_left_out(offset: float) -> None:
    alone = render_mp3([("agent", GREETING, 0.0)], 5.0, voice=True)
    assert render_mp3([("agent", GREETING, 0.0), ("caller", ORDER, offset)], 5.0, voice=True) == alone


@needs_voice
@pytest.mark.parametrize("seed", range(5))
def test_agent_and_caller_have_voices_of_their_own(seed: int) -> None:
    agent = pitch(synthesize(GREETING, "agent", 8000, seed=seed))
    caller = pitch(synthesize(GREETING, "caller", 8000, seed=seed))
    assert agent > caller * 1.25


@needs_voice
def test_the_seed_picks_the_caller_and_leaves_the_agent() -> None:
    callers = {render_mp3([("caller", ORDER, 0.0)], 4.0, seed, voice=True) for seed in range(5)}
    agents = {render_mp3([("agent", ORDER, 0.0)], 4.0, seed, voice=True) for seed in range(5)}
    assert (len(callers), len(agents)) == (5, 1)
    assert render_mp3([("caller", ORDER, 0.0)], 4.0, -1, voice=True) in callers


@both_modes
def test_the_same_call_has_the_same_bytes_in_another_process(voice: bool) -> None:
    program = (
        "import sys, hashlib; from ringback.carrier.speech import render_mp3;"
        f"print(hashlib.sha256(render_mp3({CALL!r}, 20.0, 3, voice={voice})).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == hashlib.sha256(render_mp3(CALL, 20.0, 3, voice=voice)).hexdigest()


@needs_voice
@settings(max_examples=60, deadline=None)
@given(
    before=st.text(st.characters(codec="ascii"), max_size=60),
    speaker=st.sampled_from(["agent", "caller"]),
    cut=st.booleans(),
)
def test_what_was_spoken_before_leaves_no_trace(before: str, speaker: str, cut: bool) -> None:
    expected = render_mp3(CALL, 20.0, voice=True)
    render_mp3([(speaker, before * 5, 0.0)], 0.4 if cut else 60.0, voice=True)
    assert render_mp3(CALL, 20.0, voice=True) == expected


@needs_voice
def test_threads_that_speak_at_once_do_not_mix() -> None:
    lines = [(speaker, f"Line {n}: {GREETING}") for n in range(6) for speaker in ("agent", "caller")]

    def recording(line: tuple[str, str]) -> bytes:
        return render_mp3([(*line, 0.5)], 8.0, voice=True)

    in_turn = [recording(line) for line in lines]
    with ThreadPoolExecutor(max_workers=2) as pool:
        assert list(pool.map(recording, lines)) == in_turn


@both_modes
def test_a_recording_may_have_no_turns(voice: bool) -> None:
    recording = render_mp3([], 3.0, voice=voice)
    assert mp3_seconds(recording) == pytest.approx(3.0, abs=0.02)
    assert set(sounding(recording)) == {not voice}


@needs_voice
@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["agent", "caller"]))
def test_any_text_at_all_can_be_a_turn(text: str, speaker: str) -> None:
    recording = render_mp3([(speaker, text, 0.0), ("agent", GREETING, 5.0)], 10.0, voice=True)
    assert mp3_seconds(recording) == pytest.approx(10.0, abs=0.02)
    assert any(sounding(recording)[round(5.2 / FRAME_SECONDS) :])


AWKWARD = {
    "nothing": "",
    "spaces": " \t\r\n ",
    "a NUL in it": "before\0after",
    "a lone surrogate": "half \ud800 of a pair",
    "commands": "\x01p\x02 [[ee]] <speak><break time='9s'/></speak> &#0;",
    "Malayalam after dashes": "---\u0d0c",
    "Chinese": "你好,我想订一个比萨。" * 20,
    "emoji": "👩‍👩‍👧‍👦🍕" * 200,
    "one endless word": "a" * 100_000,
    "endless digits": "9" * 100_000,
    "endless marks": "e" + "\u0301" * 100_000,
    "a novel": "And then she said hello. " * 100_000,
    "a ligature that grows": "\ufdfa" * 2_000,
}


@needs_voice
@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD)
def test_awkward_text_fits_its_time(text: str) -> None:
    recording = render_mp3([("caller", text, 1.0), ("agent", GREETING, 3.0)], 7.0, voice=True)
    assert mp3_seconds(recording) == pytest.approx(7.0, abs=0.02)
    assert any(sounding(recording)[round(3.2 / FRAME_SECONDS) :])


@needs_voice
@pytest.mark.parametrize("text", ["Привет, как дела?", "你好,我想订一个比萨", "Où êtes-vous? Ça va", "١٢٣"])
def test_text_of_any_script_is_heard(text: str) -> None:
    assert sum(sounding(render_mp3([("caller", text, 0.0)], 6.0, voice=True))) * FRAME_SECONDS > 0.7


@needs_voice
def test_typographic_signs_are_spoken_as_the_plain_ones() -> None:
    assert synthesize("“I’m here”", "agent") == synthesize('"I\'m here"', "agent")
    assert synthesize("Café", "agent") == synthesize("Cafe", "agent")


@both_modes
@pytest.mark.parametrize("speaker", ["", "Agent", "user", "caller "])
def test_an_unknown_speaker_is_rejected(voice: bool, speaker: str) -> None:
    with pytest.raises(ValueError, match="must be one of caller, agent"):
        render_mp3([(speaker, "Hello.", 0.0)], 5.0, voice=voice)
    with pytest.raises(ValueError, match="must be one of caller, agent"):
        synthesize("Hello.", speaker)


@both_modes
@pytest.mark.parametrize("duration", [-0.1, -1, MAX_DURATION + 1, math.nan, math.inf, -math.inf])
def test_a_duration_that_no_call_has_is_rejected(voice: bool, duration: float) -> None:
    with pytest.raises(ValueError, match="duration must be from 0 to 14400 seconds"):
        render_mp3([], duration, voice=voice)
    with pytest.raises(ValueError, match="duration must be from 0 to 14400 seconds"):
        tone(duration)


@both_modes
@pytest.mark.parametrize("offset", [-0.1, math.nan, math.inf])
def test_an_invalid_offset_is_rejected(voice: bool, offset: float) -> None:
    with pytest.raises(ValueError, match="offset must be a number of seconds from 0 up"):
        render_mp3([("agent", "Hello.", offset)], 5.0, voice=voice)


@pytest.mark.parametrize("missing", ["lameenc", "espeakng_loader"])
def test_without_the_voice_extra_there_is_a_tone_and_the_error_says_what_to_install(missing: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from ringback.carrier import speech\n"
        "turns = [('agent', 'Hello.', 0.0)]\n"
        "assert not speech.voice_available()\n"
        "assert speech.render_mp3(turns, 5.0) == speech.render_mp3(turns, 5.0, voice=False)\n"
        "try:\n    speech.render_mp3(turns, 5.0, voice=True)\n"
        "except speech.VoiceUnavailableError as error:\n    print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("speech needs the voice extra: pip install 'ringback[voice]'\n", "")


@needs_voice
def test_an_engine_whose_library_does_not_load_counts_as_no_voice(tmp_path: Path) -> None:
    (tmp_path / "espeakng_loader.py").write_text(
        "def get_library_path(): return 'no-such-library.so'\ndef get_data_path(): return '.'\n"
    )
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from ringback.carrier import speech\n"
        "print(speech.voice_available(), len(speech.render_mp3([], 3.6)))\n"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False 10800\n"


def test_importing_the_module_loads_no_voice() -> None:
    program = (
        "import sys, ringback.carrier.speech as s; s.render_mp3([], 1.0, voice=False);"
        "print([name for name in ('lameenc', 'espeakng_loader') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


@needs_voice
@pytest.mark.parametrize("rate", SAMPLE_RATES)
def test_speech_has_the_requested_sample_rate(rate: int) -> None:
    spoken = array("h", synthesize("Yes, hello.", "agent", rate))
    natural = array("h", synthesize("Yes, hello.", "agent", 22050))
    assert len(spoken) / rate == pytest.approx(len(natural) / 22050, abs=0.001)
    shared = math.gcd(rate, 22050)
    one, other = spoken[:: rate // shared], natural[:: 22050 // shared]
    size = min(len(one), len(other))
    alike = sum(map(mul, one[:size], other[:size])) / (math.hypot(*one[:size]) * math.hypot(*other[:size]))
    assert alike > 0.9


@needs_voice
@needs_ffmpeg
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_another_resampler_produces_the_same_speech(rate: int) -> None:
    line = "She sells sea shells."
    raw = ["-f", "s16le", "-ac", "1"]
    command = ["ffmpeg", "-v", "error", *raw, "-ar", "22050", "-i", "pipe:0", *raw, "-ar", str(rate), "pipe:1"]
    ran = subprocess.run(command, input=synthesize(line, "agent", 22050), capture_output=True, check=True)
    ours, theirs = array("h", synthesize(line, "agent", rate)), array("h", ran.stdout)
    assert len(ours) == pytest.approx(len(theirs), abs=1)
    apart = [one - other for one, other in zip(ours, theirs, strict=False)]
    assert math.hypot(*apart) < 0.12 * math.hypot(*theirs)


@needs_voice
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("speaker", ["agent", "caller"])
def test_no_voice_is_so_loud_that_it_clips_or_so_soft_that_it_is_lost(speaker: str, seed: int) -> None:
    spoken = array("h", synthesize(f"{GREETING} {ORDER} WHO WON? I DO NOT KNOW!", speaker, 22050, seed=seed))
    assert max(spoken) < 30_000
    assert min(spoken) > -30_000
    assert loudness(spoken, 0, 5, 22050) == pytest.approx(2300, rel=0.3)


@needs_voice
def test_a_very_long_word_is_spoken_to_its_end() -> None:
    assert len(synthesize("la" * 300, "agent", 22050)) / 44100 > 20
    assert len(synthesize("你好我想订一个比萨" * 20, "agent", 22050)) / 44100 > 10


@needs_voice
def test_text_without_words_has_no_samples() -> None:
    assert synthesize(" \n", "agent") == b""


@needs_voice
def test_an_utterance_has_an_end() -> None:
    assert len(synthesize("word " * 5_000, "agent", 22050)) == 600 * 22050 * 2


@pytest.mark.parametrize("rate", SAMPLE_RATES)
def test_the_plain_tone_is_440_hz_of_the_requested_length(rate: int) -> None:
    samples = array("h", tone(1.5, rate))
    rising = sum(1 for before, after in pairwise(samples) if before < 0 <= after)
    assert len(samples) == round(1.5 * rate)
    assert rising == pytest.approx(660, abs=1)
    assert 500 < max(samples) < 2000


@pytest.mark.parametrize("make", [lambda rate: tone(1, rate), lambda rate: synthesize("Hi.", "agent", rate)])
@pytest.mark.parametrize("rate", [0, -8000, 12345, 10**9])
def test_an_unknown_sample_rate_is_rejected(make: Callable[[int], bytes], rate: int) -> None:
    with pytest.raises(ValueError, match="must be one of 8000, 11025"):
        make(rate)


def pcm(*samples: int) -> bytes:
    return b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)


def from_pcmu(code: int) -> int:
    """The value of a µ-law code on the 16-bit scale, by the formula of G.711 (the lower sign bit is the negative)."""
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 132 << (inverted >> 4 & 7)) - 132
    return -magnitude if inverted & 0x80 else magnitude


@pytest.mark.parametrize(
    ("decision", "number"),
    [(1, 1), (31, 16), (95, 32), (223, 48), (479, 64), (991, 80), (2015, 96), (4063, 112), (7903, 127)],
)
def test_pcmu_changes_its_code_at_the_decision_values_of_g711(decision: int, number: int) -> None:
    at = 4 * decision
    assert list(to_pcmu(pcm(at - 1, at))) == [0xFF - number + 1, 0xFF - number]
    assert list(to_pcmu(pcm(-at, -at - 1))) == [0x7F - number + 1, 0x7F - number]


def test_pcmu_keeps_the_ends_and_the_middle_of_the_scale() -> None:
    assert to_pcmu(pcm(-32768, -32636, -1, 0, 1000, 32635, 32767)).hex(" ") == "00 00 7f ff ce 80 80"


def test_pcmu_loses_no_more_than_half_a_step() -> None:
    samples = range(-32636, 32636)
    for sample, code in zip(samples, to_pcmu(pcm(*samples)), strict=True):
        step = 8 << (~code >> 4 & 7)
        assert abs(from_pcmu(code) - sample) <= step // 2, sample
        assert (code < 0x80) == (sample < 0), sample


@needs_ffmpeg
def test_another_decoder_agrees_on_pcmu() -> None:
    command = ["ffmpeg", "-v", "error", "-f", "mulaw", "-ar", "8000", "-i", "pipe:0", "-f", "s16le", "pipe:1"]
    output = subprocess.run(command, input=bytes(range(256)), capture_output=True, check=True).stdout
    assert list(array("h", output)) == [from_pcmu(code) for code in range(256)]


def test_a_wav_holds_its_samples() -> None:
    samples = tone(0.25, 8000)
    with wave.open(io.BytesIO(to_wav(samples, 8000))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        assert file.readframes(file.getnframes()) == samples


def test_half_a_sample_and_a_rate_of_zero_are_rejected() -> None:
    for take in (to_pcmu, lambda data: to_wav(data, 8000)):
        with pytest.raises(ValueError, match="half a sample"):
            take(b"\0\0\0")
    with pytest.raises(ValueError, match="positive number of Hz"):
        to_wav(b"", 0)


SECOND = render_mp3([], 1.008, voice=False)


def test_tags_around_the_frames_do_not_count() -> None:
    id3v2 = b"ID3\x04\0\0\0\0\x02\x01" + bytes(257)
    id3v1 = b"TAG" + bytes(125)
    info = SECOND[:4] + bytes(9) + b"Info" + bytes(FRAME_BYTES - 17)
    assert mp3_seconds(SECOND) == pytest.approx(1.008)
    assert mp3_seconds(id3v2 + info + SECOND + id3v1) == pytest.approx(1.008)


@pytest.mark.parametrize(
    ("header", "size", "seconds"),
    [
        ("fffb9064", 417, 1152 / 44100),
        ("fffb9264", 418, 1152 / 44100),
        ("fffbe8c4", 1440, 1152 / 32000),
        ("fff35044", 130, 576 / 22050 * 1),
        ("ffe318c4", 72, 576 / 8000),
    ],
    ids=["MPEG-1 44.1 kHz", "MPEG-1 padded", "MPEG-1 32 kHz", "MPEG-2 22.05 kHz", "MPEG-2.5 8 kHz"],
)
def test_frames_of_other_shapes_are_measured(header: str, size: int, seconds: float) -> None:
    frame = bytes.fromhex(header) + bytes(size - 4)
    assert mp3_seconds(frame * 10) == pytest.approx(10 * seconds)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no audio frame"),
        (b"RIFF....WAVEfmt ", "no frame header at byte 0"),
        (b'{"error":{"code":"no_recording"}}', "no frame header at byte 0"),
        (SECOND[:-1], "ends inside the frame at byte 2916"),
        (SECOND + b"\xff", "no frame header at byte 3024"),
        (SECOND[:108] + b"junk" + SECOND[108:], "no frame header at byte 108"),
        (bytes.fromhex("fffd9064") + bytes(413), "no frame header at byte 0"),
        (bytes.fromhex("fffbf064") + bytes(413), "no frame header at byte 0"),
        (b"ID3\x04\0\0\0\0\0\0", "no audio frame"),
        (b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + SECOND, "no audio frame"),
    ],
)
def test_data_that_is_no_mp3_is_rejected_with_its_position(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mp3_seconds(data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_measured_or_rejected(data: bytes) -> None:
    try:
        seconds = mp3_seconds(data)
    except ValueError as error:
        seconds, said = 0.0, str(error)
    assert seconds > 0 or said.startswith("not an MP3: ")


# -- recordings as WAV -----------------------------------------------------------------------------------------------


def wav_samples(recording: bytes) -> array[int]:
    with wave.open(io.BytesIO(recording)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, WAV_RATE)
        return array("h", file.readframes(file.getnframes()))


@both_modes
@pytest.mark.parametrize("duration", [0.0, 0.5, 13.7, 60.0])
def test_a_wav_recording_is_as_long_as_its_call(voice: bool, duration: float) -> None:
    assert len(wav_samples(render_wav(CALL, duration, voice=voice))) == round(duration * WAV_RATE)


@needs_voice
def test_a_wav_recording_has_its_turns_where_they_belong() -> None:
    samples = wav_samples(render_wav(CALL, 14.0, voice=True))

    def loud(start: float, end: float) -> bool:
        return any(samples[int(start * WAV_RATE) : int(end * WAV_RATE)])

    assert [loud(0, 1), loud(1, 3), loud(6, 8), loud(11, 12)] == [False, True, True, True]
    assert render_wav(CALL, 14.0, voice=True) == render_wav(CALL, 14.0, voice=True)
    assert len(wav_samples(render_wav([("agent", ORDER, 1.0), ("caller", GREETING, 1.01)], 1.2, voice=True))) == round(
        1.2 * WAV_RATE
    )


@pytest.mark.parametrize("turns", [[("robot", "hi", 0.0)], [("agent", "hi", -1.0)], [("agent", "hi", math.inf)]])
def test_a_wav_recording_with_invalid_turns_is_rejected(turns: list[tuple[str, str, float]]) -> None:
    with pytest.raises(ValueError, match=r"speaker|offset"):
        render_wav(turns, 10.0)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 1.0, 1.23])
def test_a_telephone_utterance_has_the_requested_length(seconds: float) -> None:
    for voice in (False, None):
        assert len(utterance("Hello there", "caller", seconds, voice=voice)) == round(seconds * 8000)
