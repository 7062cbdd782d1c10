// From sending the form on, its place in the browser's history carries the form's key: whoever comes Back reads what
// became of it. Not before, so that an address which is shared for its time opens nobody's booking.
(() => {
  "use strict";
  const form = document.querySelector("form[data-address]");
  if (!form) return;
  const address = `${form.dataset.address}&form=${encodeURIComponent(form.elements.idempotency_key.value)}`;
  let isSent = false;

  form.addEventListener("submit", () => {
    isSent = true;
    history.replaceState(history.state, "", address);
  });

  // Shown from the back/forward cache, as it was when it was sent: look whether it has become a booking.
  addEventListener("pageshow", async (event) => {
    if (!event.persisted || !isSent) return;
    const answer = await fetch(address).catch(() => null); // without a network the form stays as it is
    if (answer && (await answer.text()).includes('data-page="booked"')) location.reload();
  });
})();
