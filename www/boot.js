// Shows a message if the shop's modules cannot be loaded or run. A classic script on purpose: it must work where modules
// do not. view.js removes the element when it shows the products.

(function () {
  function showFailure() {
    var note = document.getElementById('boot');
    var shopper = document.querySelector('.shopper');
    if (note) {
      if (shopper) shopper.textContent = '';
      note.setAttribute('data-failed', '');
      note.textContent =
        'The shop could not be started. Load the page again. If that does not help, use a current browser and allow scripts for this site.';
    }
  }

  // The error event of a script that fails to load does not bubble: it is seen in the capture phase only.
  window.addEventListener(
    'error',
    function (event) {
      if (!event.target || event.target === window || event.target instanceof HTMLScriptElement) showFailure();
    },
    true,
  );
  window.setTimeout(showFailure, 15000);
})();
