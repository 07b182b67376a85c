// Says so when the shop's modules cannot be loaded or run. A classic script on purpose: it must
// work where modules do not. app.js removes the element when it has taken over.

(function () {
  function giveUp() {
    var note = document.getElementById('boot');
    if (note) {
      document.querySelector('.shopper').textContent = '';
      note.setAttribute('data-failed', '');
      note.textContent =
        'The shop could not be started. Load the page again. If that does not help, use a current browser and allow scripts for this site.';
    }
  }

  // Failed loads do not bubble, so they are only seen on the way down.
  window.addEventListener(
    'error',
    function (event) {
      if (!event.target || event.target === window || event.target.nodeName === 'SCRIPT') giveUp();
    },
    true,
  );
  window.setTimeout(giveUp, 15000);
})();
