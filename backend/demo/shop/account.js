// What the app of Thali & Tandoor itself does: tells Holdfast what its customer looks at, and shows how it went on.
Holdfast.track("page_viewed", { screen: "account", page: "account" });
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link) Holdfast.track("link_followed", { screen: "account", feature: link.hash.slice(1) });
});
document.addEventListener("holdfast:outcome", ({ detail }) => {
  const words = { SAVED: "Your plan has changed", CANCELLED: "Cancelled: you keep access until the period ends", PENDING: "Your change is on its way" };
  const standing = document.getElementById("standing");
  if (!words[detail.outcome]) return;
  standing.textContent = words[detail.outcome];
  standing.dataset.standing = detail.outcome;
});
