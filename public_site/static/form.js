// On submit, puts the form's idempotency key into its history entry: Back then shows the booking that the form has made.
// Not before, so that an address which is shared for its time opens nobody's booking.
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

  // Restored from the back/forward cache as it was when it was sent: reload if the form has made a booking.
  addEventListener("pageshow", async (event) => {
    if (!event.persisted || !isSent) return;
    const answer = await fetch(address).catch(() => null); // without a network the form stays as it is
    if (answer && (await answer.text()).includes('data-page="booked"')) location.reload();
  });
})();
