// The server's time on this screen: the browser's own clock may be wrong, so it is never asked.

const page = document.documentElement;
// Server milliseconds at performance.now() = 0. The page took a moment to come, so this is a
// little behind; a beat that came faster corrects it.
let origin = Date.parse(page.dataset.now) - performance.now();

/** Milliseconds since 1970 by the server's clock. */
export function serverNow() {
  return origin + performance.now();
}

/** Sets the clock by a beat. A late beat reads behind, so only jumps move the clock back. */
export function setServerTime(text) {
  const said = Date.parse(text) - performance.now();
  if (Number.isFinite(said) && (said > origin || origin - said > 1000)) origin = said;
}

/** A stopwatch: 1:05, 12:40, 3:02:09; as dashboard/pages/times.py writes it. */
export function stopwatch(ms) {
  const total = Math.floor(Math.max(ms, 0) / 1000);
  const pad = (number) => String(number).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  return hours ? `${hours}:${pad(minutes)}:${pad(seconds)}` : `${minutes}:${pad(seconds)}`;
}

const zone = page.dataset.timezone;
const formats = {
  long: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone }),
  short: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone }),
};

/** The time of day of server milliseconds, in the branch's time zone. */
export function timeOfDay(ms, length = "long") {
  return formats[length].format(ms);
}

function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Moves every clock and counter of the page; also after new ones have come. */
export function tick() {
  const now = serverNow();
  for (const one of document.querySelectorAll("[data-clock]")) {
    show(one, timeOfDay(now, one.dataset.clock || "long"));
  }
  for (const one of document.querySelectorAll("[data-count-from]")) {
    show(one, stopwatch(now - Date.parse(one.dataset.countFrom)));
  }
  for (const one of document.querySelectorAll("[data-count-to]")) {
    show(one, stopwatch(Date.parse(one.dataset.countTo) - now));
  }
}

export function startClock() {
  tick();
  setInterval(tick, 250);
}
