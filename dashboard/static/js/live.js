// The stream of news: keeps it open, keeps what it says, and tells the others.
import { setServerTime } from "./clock.js";

// A browser gives up on a stream that was refused; then we ask again ourselves.
const AGAIN_MS = 2000;

/** Fires "news" (something changed), "beat" (every second), "open" (connected anew), "refused". */
export const live = new EventTarget();

/** What the stream has said: {id: incident} still open, and the newest gateway view. */
export const state = { incidents: new Map(), gateway: null, lastBeat: null };

function tell(name, detail) {
  live.dispatchEvent(new CustomEvent(name, { detail }));
}

function onIncident(incident) {
  if (incident.stage === "closed") state.incidents.delete(incident.incident_id);
  else state.incidents.set(incident.incident_id, incident);
  tell("news", { incident });
}

function connect() {
  const source = new EventSource("/events");
  // A new connection begins with the present state, so what was known before is let go.
  source.addEventListener("open", () => {
    state.incidents.clear();
    tell("open");
    tell("news", {});
  });
  const hear = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)));
  hear("incident", onIncident);
  hear("unit", (unit) => tell("news", { unit }));
  hear("lamp", (lamp) => tell("lamp", lamp));
  hear("gateway", (gateway) => {
    state.gateway = gateway;
    tell("gateway", gateway);
    tell("news", { gateway });
  });
  hear("beat", (beat) => {
    setServerTime(beat.at);
    state.lastBeat = performance.now();
    tell("beat", beat);
  });
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return;
    tell("refused"); // signed out, perhaps: asking for the page will tell
    setTimeout(connect, AGAIN_MS);
  });
  addEventListener("pagehide", () => source.close());
}

export function startLive() {
  connect();
  // A page that comes back from the browser's cache has a closed stream.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
