// What a page does beyond links and forms: it copies, shows times in the
// reader's zone, and keeps what changes up to date. Without it, all else works.
"use strict";

const root = document.documentElement;
root.classList.add("scripted");

// Times.

const units = [
  [60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [60 * 86400, 86400, "day"],
  [730 * 86400, 30 * 86400, "month"], [Infinity, 365 * 86400, "year"],
];

function distance(then) {
  const gone = (Date.now() - then) / 1000;
  const d = Math.abs(gone);
  if (d < 5) return "just now";
  const [, unit, name] = units.find(([up]) => d < up);
  const n = Math.floor(d / unit);
  const words = `${n} ${name}${n === 1 ? "" : "s"}`;
  return gone < 0 ? `in ${words}` : `${words} ago`;
}

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const instant = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});

function localise(element) {
  const then = new Date(element.dateTime);
  if (Number.isNaN(then.getTime())) return;
  element.title = `${instant.format(then)} (${element.dateTime})`;
  const text = { ago: () => distance(then), day: () => day.format(then), exact: () => instant.format(then) }[element.dataset.kind];
  if (text && element.textContent !== text()) element.textContent = text();
}

const localiseAll = () => document.querySelectorAll("time[data-kind]").forEach(localise);
localiseAll();
setInterval(localiseAll, 10_000);

// Copying.

document.querySelectorAll("[data-copies]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const label = button.textContent;
    const from = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(from.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(from);
      button.textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => { button.textContent = label; }, 2500);
  });
});

// A page with a secret that the browser kept to go back to is asked for anew,
// and doesn't show it again.

addEventListener("pagehide", () => document.querySelectorAll("[data-secret]").forEach((e) => e.replaceChildren()));
addEventListener("pageshow", (event) => {
  if (event.persisted && document.querySelector("[data-secret]")) location.reload();
});

// Choices that need no button.

document.querySelectorAll("form[data-submits] select").forEach((select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});

// A date belongs to one of the choices above it.

document.querySelectorAll("[data-needs]").forEach((element) => {
  const [name, value] = element.dataset.needs.split("=");
  const inputs = document.querySelectorAll(`input[name="${name}"]`);
  const settle = () => { element.hidden = ![...inputs].some((input) => input.checked && input.value === value); };
  inputs.forEach((input) => input.addEventListener("change", settle));
  settle();
});

// What is fresh.

const every = 5_000;
const numbers = new Intl.NumberFormat("en-US");

function refresh(id, fresh) {
  const of = (what) => document.querySelectorAll(`[data-fresh="${CSS.escape(id)}.${what}"]`);
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  of("calls").forEach((element) => put(element, numbers.format(fresh.total_calls)));
  of("status").forEach((element) => {
    put(element, fresh.status);
    element.dataset.status = fresh.status.toLowerCase();
  });
  if (!fresh.last_used_at) return;
  of("used").forEach((element) => {
    const time = element.querySelector("time") ?? document.createElement("time");
    time.dateTime = fresh.last_used_at;
    time.dataset.kind = "ago";
    if (!time.isConnected) element.replaceChildren(time);
    localise(time);
  });
}

const live = document.querySelector("[data-refresh]");
async function poll() {
  if (document.hidden) return;
  const answer = await fetch(live.dataset.refresh, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (answer.status === 401) {
    clearInterval(polling);
    live.querySelectorAll("[data-live]").forEach((e) => { e.textContent = "Signed out"; });
    return;
  }
  if (!answer.ok) return;
  Object.entries(await answer.json()).forEach(([id, fresh]) => refresh(id, fresh));
}
const polling = live && setInterval(() => poll().catch(() => {}), every);
