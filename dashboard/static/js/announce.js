// Says a new card to whoever listens instead of looking, and shakes a phone.

export function announce(node) {
  const text = node.dataset?.announce;
  if (!text) return;
  document.getElementById("announce").textContent = text;
  const mayShake = navigator.userActivation?.hasBeenActive && matchMedia("(pointer: coarse)").matches;
  if (mayShake && node.classList.contains("stage-raised")) navigator.vibrate?.([300, 120, 300, 120, 300]);
}
