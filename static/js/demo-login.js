// Fills the sign-in form with a demonstration account. Loaded only where the server lists such accounts.
const form = document.getElementById("login-form");

addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-demo-email]");
  if (!button || !form) return;
  form.elements.login.value = button.dataset.demoEmail;
  form.elements.password.value = button.closest("[data-demo-password]").dataset.demoPassword;
  form.querySelector("[type=submit]").focus();
});
