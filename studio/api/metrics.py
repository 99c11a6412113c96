"""Numbers for Prometheus: requests, the queue, seconds of sound, how much quicker than real time, hits of the cache."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

TIMES = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """One set of numbers for one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "timbre_requests_total", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "timbre_request_seconds", "Time until a request is answered whole.", ["route"], buckets=TIMES,
            registry=self.registry,
        )  # fmt: skip
        self.first = Histogram(
            "timbre_first_byte_seconds", "Time until the first bytes of speech.", buckets=TIMES, registry=self.registry
        )
        self.audio = Counter("timbre_audio_seconds_total", "Seconds of speech given out.", registry=self.registry)
        self.work = Counter("timbre_speech_seconds_total", "Seconds that speaking it took.", registry=self.registry)
        self.factor = Gauge(
            "timbre_real_time_factor", "Seconds of work for a second of speech, last request.", registry=self.registry
        )
        self.hits = Counter("timbre_cache_hits_total", "Requests that were spoken before.", registry=self.registry)
        self.at_work = Gauge("timbre_requests_at_work", "Requests at work.", registry=self.registry)
        self.in_queue = Gauge("timbre_requests_waiting", "Requests that wait for their turn.", registry=self.registry)

    def spoken(self, audio_s: float, work_s: float, known: bool) -> None:
        """One speech request is over."""
        self.audio.inc(audio_s)
        self.work.inc(work_s)
        if audio_s:
            self.factor.set(work_s / audio_s)
        if known:
            self.hits.inc()

    def text(self) -> bytes:
        return generate_latest(self.registry)
