// Starts what the page needs. Words come from the server's HTML, so that they stand in one place.
import { startClock } from "./clock.js";
import { startLive } from "./live.js";
import { startStale } from "./stale.js";
import { startRefresh } from "./refresh.js";
import { startSound } from "./sound.js";
import { startActions } from "./act.js";
import { startKeys } from "./keys.js";
import { startCallBar } from "./callbar.js";

startClock();
if (document.body.hasAttribute("data-live-page")) {
  startStale();
  if (!document.querySelector("[data-still]")) startRefresh();
  startActions();
  startSound();
  startKeys();
  startCallBar();
  startLive();
}
document.documentElement.dataset.ready = "yes";
