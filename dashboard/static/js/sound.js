// Tones of this screen, made here so that no file can be missing. They go on until somebody
// accepts, and begin again when a call is overdue. A silent call never sounds.
import { live, state } from "./live.js";
import { stopwatch } from "./clock.js";
import { showBar } from "./steady.js";

const MUTE_MS = 120000;
const STORED = "anling-muted-until";
// [hertz, start s, length s] of one ring, and how often it comes. Low tones carry to old ears.
const RINGS = {
  urgent: { every: 1600, notes: [[880, 0, 0.16], [660, 0.2, 0.16], [880, 0.4, 0.16], [660, 0.6, 0.3]] },
  call: { every: 4000, notes: [[660, 0, 0.45], [523, 0.5, 0.7]] },
  seat: { every: 10000, notes: [[523, 0, 0.6]] },
  overdue: { every: 6000, notes: [[587, 0, 0.2], [587, 0.3, 0.2], [587, 0.6, 0.4]] },
};
const ORDER = ["urgent", "call", "overdue", "seat"];

let context = null;
let nextRing = 0;
let rung = null;
const page = document.documentElement;
const byId = (id) => document.getElementById(id);

function ringOf(incident) {
  if (incident.kind === "silent") return null;
  if (incident.stage === "raised") return RINGS[incident.kind] ? incident.kind : "call";
  return incident.overdue ? "overdue" : null;
}

function wanted() {
  const found = new Set([...state.incidents.values()].map(ringOf));
  return ORDER.find((name) => found.has(name)) ?? null;
}

function mutedFor() {
  const until = Number(sessionStorage.getItem(STORED) ?? 0);
  return Math.min(Math.max(until - Date.now(), 0), MUTE_MS);
}

function isOn() {
  return context?.state === "running";
}

function ring(name) {
  const start = context.currentTime + 0.03;
  for (const [hertz, from, length] of RINGS[name].notes) play(hertz, start + from, length);
  page.dataset.rings = String(Number(page.dataset.rings ?? 0) + 1);
}

function play(hertz, from, length) {
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.type = "triangle";
  tone.frequency.value = hertz;
  loudness.gain.setValueAtTime(0.0001, from);
  loudness.gain.exponentialRampToValueAtTime(0.8, from + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, from + length);
  tone.connect(loudness).connect(context.destination);
  tone.start(from);
  tone.stop(from + length + 0.05);
}

function turn() {
  const name = wanted();
  const muted = mutedFor();
  show(name, muted);
  if (name !== rung) nextRing = 0;
  rung = name;
  if (!name || muted || !isOn() || performance.now() < nextRing) return;
  nextRing = performance.now() + RINGS[name].every;
  ring(name);
}

function show(name, muted) {
  page.dataset.sound = muted ? "muted" : isOn() ? "on" : "blocked";
  showBar(byId("soundbar"), !isOn() && !muted);
  byId("soundbar").classList.toggle("urged", Boolean(name));
  showBar(byId("mutebar"), Boolean(muted));
  byId("mute-left").textContent = stopwatch(muted + 999);
  byId("mute").hidden = !name || Boolean(muted);
}

/** Lets the browser sound; only a touch or a key may ask for it. */
export async function soundOn() {
  context ??= new AudioContext();
  await context.resume();
  turn();
}

/** Mutes this screen for two minutes, or ends that. */
export function toggleMute() {
  const until = mutedFor() ? 0 : Date.now() + MUTE_MS;
  sessionStorage.setItem(STORED, String(until));
  nextRing = 0;
  turn();
}

export function startSound() {
  context = new AudioContext(); // runs at once where a kiosk allows it; else waits for the touch
  byId("sound-on").addEventListener("click", soundOn);
  byId("unmute").addEventListener("click", toggleMute);
  byId("mute").addEventListener("click", toggleMute);
  // Any touch will do; who accepts a call has touched. A click is its end: on pointerup the bar would
  // go and all else move up before the click has found its button.
  for (const name of ["click", "keydown"]) addEventListener(name, () => isOn() || soundOn(), true);
  live.addEventListener("news", turn);
  setInterval(turn, 250);
}
