"""Audio for recordings and live streams: MP3, WAV, PCM and G.711 µ-law.

A recording is a constant-bitrate MP3 as long as its call. With the `voice` extra (espeak-ng and LAME) it speaks the
call's turns; without it, it is a quiet tone. The same input makes the same bytes.
"""

from __future__ import annotations

import ctypes
import io
import math
import sys
import threading
import unicodedata
import wave
from array import array
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from operator import mul
from typing import Any, NamedTuple

from ringback import resources

MAX_DURATION = 4 * 3600.0
"""The longest recording, in seconds."""
MAX_UTTERANCE = 600.0
"""The longest speech that `synthesize` returns, in seconds; the rest is cut."""
SAMPLE_RATES = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
"""The PCM sample rates that `synthesize` and `tone` offer, in Hz."""

WAV_RATE = 22050
"""Samples a second of a recording as a WAV file: the speech engine's own rate."""

TELEPHONE_RATE = 8000
"""Samples a second on a telephone line."""
PCMU_SILENCE = b"\xff"

# One shape for every MP3 frame made here: MPEG-2 Layer III, mono, no CRC, no padding. At 16 kHz and 24 kbit/s a frame
# is a whole number of bytes, so frames of different origin can stand in a row.
_FRAME_HEADER = bytes.fromhex("fff338c4")
_FRAME_BYTES = 108
_FRAME_SAMPLES = 576
_MP3_RATE = 16000
_MP3_KBITS = 24
_FRAME_SECONDS = _FRAME_SAMPLES / _MP3_RATE
_SILENT_FRAME = _FRAME_HEADER + bytes(_FRAME_BYTES - len(_FRAME_HEADER))
# LAME and a decoder delay sound by 1105 samples; a stretch of speech starts this many frames early to make up for it.
_LEAD_FRAMES = 2
_LAME_QUALITY = 5

_TONE_HZ = 440
_TONE_PEAK = 983

_RATES = (175, 210, 250, 300, 360, 420)
"""Words a minute, tried in turn until a text fits its time."""
_MIN_SECONDS = 0.1
_CHARACTERS_PER_SECOND = 200
_MAX_WORD = 40
_SYLLABLE = "la"
_SPELLINGS = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "—": " - ",
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "€": " euro ",
        "£": " pound ",
    }
)
_FADE_SECONDS = 0.01
_ENGINE_RATE = WAV_RATE
_ENGINE_BUFFER_MS = 100

# From speak_lib.h of espeak-ng 1.52.
_OUTPUT_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_PARAMETER_RATE, _PARAMETER_VOLUME, _PARAMETER_PITCH, _PARAMETER_RANGE = 1, 2, 3, 4
_POSITION_CHARACTER = 1
_CHARACTERS_UTF8 = 1


class _Voice(NamedTuple):
    """An espeak-ng variant with its volume (100 is the engine's own), pitch and range (0 to 99)."""

    variant: str
    volume: int
    pitch: int
    range: int


# Only variants without flutter, roughness, breath and echo, and none so loud that it clips, which turns the engine's
# gain down for a while: all of these carry over, and a call would sound different for what was spoken before it.
_AGENT = _Voice("en-us+shelby", 75, 60, 50)
_CALLERS = (
    _Voice("en-us+michel", 70, 50, 50),
    _Voice("en-us+Henrique", 115, 35, 65),
    _Voice("en-us+Denis", 115, 70, 45),
    _Voice("en-us+miguel", 65, 25, 40),
    _Voice("en-us+Storm", 45, 60, 60),
)
_SPEAKERS = ("caller", "agent")


class VoiceUnavailableError(RuntimeError):
    """Speech was requested, but the `voice` extra is missing or does not start."""


def voice_available() -> bool:
    """Return whether turns can be spoken: the `voice` extra is installed and its engine starts."""
    try:
        with _ENGINE_LOCK:
            _engine()
            _lame()
    except VoiceUnavailableError:
        return False
    return True


def render_mp3(
    turns: Sequence[tuple[str, str, float]], duration: float, seed: int = 0, *, voice: bool | None = None
) -> bytes:
    """Return a call's recording: an MP3 (mono, 16 kHz, 24 kbit/s) of `duration` seconds.

    It is a whole number of 36 ms frames, and one at least: a call that ended within its first second may count 0
    seconds.

    `turns` are (speaker `"caller"` or `"agent"`, text, offset in seconds). Each is spoken at its offset, faster if it
    must be, and is cut where the next one starts or the call ends; a turn at or after the end is left out. `seed`
    picks the caller's voice. `voice=False` returns a plain tone instead, `voice=None` speaks if `voice_available()`.

    Raises ValueError for a duration outside 0 to `MAX_DURATION`, an unknown speaker or an offset that is
    negative or not finite, and VoiceUnavailableError for `voice=True` without the `voice` extra.
    """
    frames = max(1, round(_checked_duration(duration) / _FRAME_SECONDS))
    _check_turns(turns, seed)
    if voice is None:
        voice = voice_available()
    return _spoken_mp3(turns, frames, seed) if voice else _tone_mp3(frames)


def render_wav(
    turns: Sequence[tuple[str, str, float]], duration: float, seed: int = 0, *, voice: bool | None = None
) -> bytes:
    """Return a call's recording as `render_mp3` does, as a WAV file: PCM s16le mono at `WAV_RATE` Hz.

    It is `duration` seconds long to the sample.

    Raises as `render_mp3` does.
    """
    count = round(_checked_duration(duration) * WAV_RATE)
    _check_turns(turns, seed)
    if voice is None:
        voice = voice_available()
    if not voice:
        return to_wav(tone(duration, WAV_RATE), WAV_RATE)
    pcm = bytearray(2 * count)
    spoken = sorted(turns, key=lambda turn: turn[2])
    edges = [min(round(min(offset, MAX_DURATION) * WAV_RATE), count) for _, _, offset in spoken] + [count]
    for (speaker, text, _), (start, end) in zip(spoken, pairwise(edges), strict=True):
        samples = _little_endian(_fitted(text, _voice_of(speaker, seed), (end - start) / WAV_RATE))
        block = samples[: 2 * (end - start)]
        pcm[2 * start : 2 * start + len(block)] = block
    return to_wav(bytes(pcm), WAV_RATE)


def utterance(text: str, speaker: str, seconds: float, seed: int = 0, *, voice: bool | None = None) -> bytes:
    """Return `text` as it sounds on a telephone line: PCMU (G.711 µ-law, 8 kHz, mono), spoken faster if it must be.

    It is `seconds` long to the sample. `voice` and `seed` are those of `render_mp3`: without a voice it is a tone.

    Raises as `render_mp3` does.
    """
    count = round(_checked_duration(seconds) * TELEPHONE_RATE)
    chosen = _voice_of(speaker, seed)
    if voice is None:
        voice = voice_available()
    if not voice:
        return to_pcmu(tone(seconds, TELEPHONE_RATE))[:count]
    pcm = _little_endian(_resampled(_fitted(text, chosen, seconds), TELEPHONE_RATE))[: 2 * count]
    return to_pcmu(pcm).ljust(count, PCMU_SILENCE)


def synthesize(text: str, speaker: str, sample_rate: int = 16000, *, seed: int = 0) -> bytes:
    """Return `text` as `speaker` ("caller" or "agent") says it: PCM s16le mono at `sample_rate` Hz.

    Speech beyond MAX_UTTERANCE is cut. `seed` picks the caller's voice. A text without words has no samples.
    Raises ValueError for an unknown speaker or a rate outside `SAMPLE_RATES`, and VoiceUnavailableError without the
    `voice` extra.
    """
    chosen = _voice_of(speaker, seed)
    _checked_rate(sample_rate)
    samples = _speak(text, chosen, _RATES[0], MAX_UTTERANCE)
    del samples[int(MAX_UTTERANCE * _ENGINE_RATE) :]
    return _little_endian(_resampled(samples, sample_rate))


def tone(duration: float, sample_rate: int = 16000) -> bytes:
    """Return a quiet 440 Hz tone of `duration` seconds: PCM s16le mono at `sample_rate` Hz.

    Raises ValueError for a duration outside 0 to `MAX_DURATION` or a rate outside `SAMPLE_RATES`.
    """
    period = _checked_rate(sample_rate) // math.gcd(sample_rate, _TONE_HZ)
    count = round(_checked_duration(duration) * sample_rate)
    turn = 2 * math.pi * _TONE_HZ / sample_rate
    pattern = _little_endian(array("h", (round(_TONE_PEAK * math.sin(turn * n)) for n in range(period))))
    return _repeated(pattern, 2 * count)


def to_pcmu(pcm: bytes) -> bytes:
    """Return PCM s16le as G.711 µ-law (PCMU), one byte a sample. Raises ValueError for half a sample at the end."""
    return bytes(map(_pcmu_codes().__getitem__, _native(pcm, "H")))


def to_wav(pcm: bytes, sample_rate: int) -> bytes:
    """Return PCM s16le mono at `sample_rate` Hz as a WAV file.

    Raises ValueError for half a sample at the end or a rate that is not positive.
    """
    if sample_rate <= 0:
        raise ValueError(f"the sample rate must be a positive number of Hz, not {sample_rate}")
    _native(pcm, "h")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframesraw(pcm)
    return out.getvalue()


# ISO/IEC 11172-3 2.4.2.3 and 13818-3 2.4.2.3, Layer III: kbit/s by index, Hz by index.
_MPEG1_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1_HZ = (44100, 48000, 32000)
_HZ_DIVISOR = {3: 1, 2: 2, 0: 4}
_INFO_TAGS = (b"Xing", b"Info")


def mp3_seconds(data: bytes) -> float:
    """Return the length of an MP3 in seconds, the sum of its frames; ID3 tags and a Xing or Info frame do not count.

    Raises ValueError, with the place, where `data` is not a whole run of MPEG Layer III frames.
    """
    at = _after_id3v2(data)
    end = len(data) - 128 if data[-128:-125] == b"TAG" else len(data)
    seconds = 0.0
    first = at
    while at < end:
        size, frame_seconds = _frame(data, at)
        if at + size > end:
            raise ValueError(f"not an MP3: it ends inside the frame at byte {at}")
        if at > first or not any(tag in data[at : at + 40] for tag in _INFO_TAGS):
            seconds += frame_seconds
        at += size
    if at == first:
        raise ValueError("not an MP3: there is no audio frame in it")
    return seconds


def _frame(data: bytes, at: int) -> tuple[int, float]:
    head = int.from_bytes(data[at : at + 4])
    version, layer = head >> 19 & 3, head >> 17 & 3
    bitrate, rate, padding = head >> 12 & 15, head >> 10 & 3, head >> 9 & 1
    if len(data) < at + 4 or head >> 21 != 0x7FF or version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        raise ValueError(f"not an MP3: no frame header at byte {at}")
    hertz = _MPEG1_HZ[rate] // _HZ_DIVISOR[version]
    samples = 1152 if version == 3 else 576
    kbits = (_MPEG1_KBITS if version == 3 else _MPEG2_KBITS)[bitrate]
    return samples // 8 * kbits * 1000 // hertz + padding, samples / hertz


def _after_id3v2(data: bytes) -> int:
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if data[5] & 0x10 else 0)


def _check_turns(turns: Sequence[tuple[str, str, float]], seed: int) -> None:
    for speaker, _, offset in turns:
        _voice_of(speaker, seed)
        if not (math.isfinite(offset) and offset >= 0):
            raise ValueError(f"a turn's offset must be a number of seconds from 0 up, not {offset!r}")


def _checked_duration(duration: float) -> float:
    if not 0 <= duration <= MAX_DURATION:
        raise ValueError(f"a duration must be from 0 to {MAX_DURATION:g} seconds, not {duration!r}")
    return duration


def _checked_rate(sample_rate: int) -> int:
    if sample_rate not in SAMPLE_RATES:
        raise ValueError(f"the sample rate must be one of {', '.join(map(str, SAMPLE_RATES))} Hz, not {sample_rate!r}")
    return sample_rate


def _voice_of(speaker: str, seed: int) -> _Voice:
    if speaker not in _SPEAKERS:
        raise ValueError(f"a speaker must be one of {', '.join(_SPEAKERS)}, not {speaker!r}")
    return _AGENT if speaker == "agent" else _CALLERS[seed % len(_CALLERS)]


def _repeated(pattern: bytes, size: int) -> bytes:
    whole, rest = divmod(size, len(pattern))
    return b"".join([pattern] * whole + [pattern[:rest]])


def _tone_mp3(frames: int) -> bytes:
    return _repeated(_tone_frames(), frames * _FRAME_BYTES)


@lru_cache(maxsize=1)
def _tone_frames() -> bytes:
    return resources.path("fixtures", "audio", "tone.mp3").read_bytes()


def _spoken_mp3(turns: Sequence[tuple[str, str, float]], frames: int, seed: int) -> bytes:
    spoken = sorted(turns, key=lambda turn: turn[2])
    starts = [max(0, round(min(offset, MAX_DURATION) / _FRAME_SECONDS) - _LEAD_FRAMES) for _, _, offset in spoken]
    edges = [min(start, frames) for start in starts] + [frames]
    pieces = [_SILENT_FRAME * edges[0]]
    for (speaker, text, _), (start, end) in zip(spoken, pairwise(edges), strict=True):
        seconds = (end - start - _LEAD_FRAMES) * _FRAME_SECONDS
        speech = _mp3_frames(_fitted(text, _voice_of(speaker, seed), seconds))[: (end - start) * _FRAME_BYTES]
        pieces += [speech, _SILENT_FRAME * (end - start - len(speech) // _FRAME_BYTES)]
    return b"".join(pieces)


def _fitted(text: str, voice: _Voice, seconds: float) -> array[int]:
    """Return `text` spoken no faster than it must be to fit, and cut after `seconds` if the fastest is too slow."""
    if seconds < _MIN_SECONDS:
        return array("h")
    limit = int(seconds * _ENGINE_RATE)
    for rate in _RATES:
        samples = _speak(text, voice, rate, seconds)
        if len(samples) <= limit:
            return samples
    del samples[limit:]
    fade = int(_FADE_SECONDS * _ENGINE_RATE)
    for n in range(1, fade + 1):
        samples[-n] = samples[-n] * (n - 1) // fade
    return samples


def _mp3_frames(samples: array[int]) -> bytes:
    """Return a self-contained run of frames: the first one borrows no bits from a frame before it."""
    if not samples:
        return b""
    encoder = _lame().Encoder()
    encoder.silence()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(_ENGINE_RATE)
    encoder.set_out_sample_rate(_MP3_RATE)
    encoder.set_bit_rate(_MP3_KBITS)
    encoder.set_quality(_LAME_QUALITY)
    return bytes(encoder.encode(_little_endian(samples))) + bytes(encoder.flush())


def _speak(text: str, voice: _Voice, rate: int, seconds: float) -> array[int]:
    """Return samples at `_ENGINE_RATE`; speaking stops soon after `seconds`."""
    line = _pronounceable(text[: int((seconds + 1) * _CHARACTERS_PER_SECOND)])
    with _ENGINE_LOCK:
        return _engine().speak(line, voice, rate, int(seconds * _ENGINE_RATE)) if line else array("h")


def _pronounceable(text: str) -> str:
    """Return `text` in printable ASCII, in words of at most `_MAX_WORD`: other scripts can crash the engine.

    Accents are removed, and a letter of another script becomes a syllable, so a turn is about as long as it should be.
    """
    spelled = []
    for char in unicodedata.normalize("NFKD", text.translate(_SPELLINGS)):
        if " " < char <= "~":
            spelled.append(char)
        elif char.isdecimal():
            spelled.append(str(unicodedata.decimal(char)))
        elif char.isalpha():
            spelled.append(_SYLLABLE)
        elif not unicodedata.combining(char):
            spelled.append(" ")
    words = "".join(spelled).split()
    return " ".join(word[n : n + _MAX_WORD] for word in words for n in range(0, len(word), _MAX_WORD))


_ENGINE_LOCK = threading.RLock()


class _Engine:
    """espeak-ng, which has one state for the whole process: use it under `_ENGINE_LOCK` only."""

    def __init__(self, library: Any, data_path: str) -> None:
        self._library = library
        self._samples: array[int] = array("h")
        self._limit = 0
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        started = library.espeak_Initialize(_OUTPUT_SYNCHRONOUS, _ENGINE_BUFFER_MS, data_path.encode(), _DO_NOT_EXIT)
        if started != _ENGINE_RATE:
            raise VoiceUnavailableError(f"espeak-ng did not start with the data in {data_path}")
        receive = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
        self._callback = receive(self._receive)
        library.espeak_SetSynthCallback(self._callback)

    def speak(self, line: str, voice: _Voice, rate: int, limit: int) -> array[int]:
        if self._library.espeak_SetVoiceByName(voice.variant.encode()) != 0:
            raise VoiceUnavailableError(f"espeak-ng has no voice {voice.variant}; reinstall the voice extra")
        settings = (
            (_PARAMETER_RATE, rate),
            (_PARAMETER_VOLUME, voice.volume),
            (_PARAMETER_PITCH, voice.pitch),
            (_PARAMETER_RANGE, voice.range),
        )
        for parameter, value in settings:
            self._library.espeak_SetParameter(parameter, value, 0)
        self._samples, self._limit = array("h"), limit
        encoded = line.encode("ascii") + b"\0"
        self._library.espeak_Synth(encoded, len(encoded), 0, _POSITION_CHARACTER, 0, _CHARACTERS_UTF8, None, None)
        return self._samples

    def _receive(self, samples: int | None, count: int, _events: int | None) -> int:
        """Store a block of samples. Return non-zero to stop the engine."""
        if samples and count > 0:
            self._samples.frombytes(ctypes.string_at(samples, 2 * count))
        return int(len(self._samples) > self._limit)


@lru_cache(maxsize=1)
def _engine() -> _Engine:
    loader = _extra("espeakng_loader")
    try:
        return _Engine(ctypes.CDLL(loader.get_library_path()), loader.get_data_path())
    except (OSError, RuntimeError) as error:
        raise VoiceUnavailableError(f"speech cannot start: {error}") from error


def _lame() -> Any:
    return _extra("lameenc")


def _extra(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as missing:
        raise VoiceUnavailableError("speech needs the voice extra: pip install 'ringback[voice]'") from missing


_SINC_ZEROS = 12


def _resampled(samples: array[int], sample_rate: int) -> array[int]:
    """Return `samples` resampled from `_ENGINE_RATE`, low-passed below half of the lower of the two rates."""
    if sample_rate == _ENGINE_RATE:
        return samples
    step, kernels = _resampling_kernels(sample_rate)
    taps = len(kernels[0])
    edge = array("h", bytes(taps))
    padded = edge + samples + edge
    first = len(edge) - taps // 2 + 1
    out = array("h")
    for n in range(len(samples) * sample_rate // _ENGINE_RATE):
        position, phase = divmod(n * step, len(kernels))
        start = first + position
        value = round(sum(map(mul, padded[start : start + taps], kernels[phase])))
        out.append(max(-32768, min(32767, value)))
    return out


@lru_cache(maxsize=len(SAMPLE_RATES))
def _resampling_kernels(sample_rate: int) -> tuple[int, list[list[float]]]:
    """Return the step in 1/phases of an input sample, and a windowed sinc for each phase."""
    common = math.gcd(sample_rate, _ENGINE_RATE)
    phases, step = sample_rate // common, _ENGINE_RATE // common
    cutoff = min(1.0, sample_rate / _ENGINE_RATE) * 0.95
    reach = math.ceil(_SINC_ZEROS / cutoff)
    kernels = []
    for phase in range(phases):
        at = [tap - reach + 1 - phase / phases for tap in range(2 * reach)]
        weights = [_sinc(cutoff * x) * (0.5 + 0.5 * math.cos(math.pi * x / reach)) for x in at]
        total = sum(weights)
        kernels.append([weight / total for weight in weights])
    return step, kernels


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


@lru_cache(maxsize=1)
def _pcmu_codes() -> bytes:
    """Return the code of each 16-bit sample by its unsigned value (G.711 table 2).

    Sixteen steps in each of eight segments, a step in the first being 8 wide and in each next twice that; the first
    step of all is halved by the bias, and the last reaches to the end of the scale. Codes go out inverted.
    """
    magnitudes = bytearray()
    for code in range(128):
        width = 8 << (code >> 4)
        magnitudes += bytes([0x7F - code]) * (width if code else 4)
    magnitudes = magnitudes.ljust(32768, b"\0")
    return bytes(code | 0x80 for code in magnitudes) + bytes(reversed(magnitudes))


def _native(pcm: bytes, kind: str) -> array[int]:
    if len(pcm) % 2:
        raise ValueError(f"PCM s16le has two bytes a sample; {len(pcm)} bytes end in half a sample")
    samples: array[int] = array(kind, pcm)
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _little_endian(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples.tobytes()
