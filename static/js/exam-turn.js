// Starts the exam when the turn of this student comes, as the server told it.
const form = document.getElementById("turn");
setTimeout(() => form.requestSubmit(), Number(form.dataset.seconds) * 1000);
