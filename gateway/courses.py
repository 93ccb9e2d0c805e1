"""The open incidents of a branch: by id, by point, and when the next of them is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.course import Course
from protocol.moment import Moment


class OpenCourses(Mapping[str, Course]):
    """By incident id. A point has one open incident at most."""

    def __init__(self, courses: Iterable[Course] = ()) -> None:
        self._by_id = {course.incident.incident_id: course for course in courses}
        self._id_at = {course.incident.point: id for id, course in self._by_id.items()}
        self._next_due_ms: int | None = None
        self._is_due_known = False

    def __getitem__(self, incident_id: str) -> Course:
        return self._by_id[incident_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def at(self, point: str) -> Course | None:
        return self._by_id.get(self._id_at.get(point, ""))

    def put(self, course: Course) -> None:
        """The course as it is from now on; a closed one is kept no longer."""
        incident = course.incident
        self._follow_due(course)
        if incident.is_open:
            self._by_id[incident.incident_id] = course
            self._id_at[incident.point] = incident.incident_id
        else:
            del self._by_id[incident.incident_id]
            del self._id_at[incident.point]

    def due(self, now: Moment) -> list[Course]:
        """Those whose deadline has come."""
        return [course for course in self._by_id.values() if course.is_due(now)]

    def next_due_ms(self, now: Moment) -> int | None:
        """When the next deadline comes, by the monotonic clock of now's boot; None without any."""
        if not self._is_due_known:
            self._is_due_known = True
            courses = self._by_id.values()
            self._next_due_ms = min(
                (now.mono_ms if one.boot != now.boot else one.next_ms for one in courses),
                default=None,
            )
        return self._next_due_ms

    def _follow_due(self, course: Course) -> None:
        """A new incident can only bring the earliest deadline forward; so in a storm nobody
        searches a thousand open ones for it again and again."""
        if course.incident.incident_id in self._by_id:
            self._is_due_known = False
        elif self._next_due_ms is None or course.next_ms < self._next_due_ms:
            self._next_due_ms = course.next_ms
