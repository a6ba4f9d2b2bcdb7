// On the computer: the code that lets a phone photograph for this paper.
/**
 * opener, dialog: elements; ask(url): posts and gives the answer or null; urls {make, end}; changed(): look at once.
 * `stands` is the phone of the server's state: null, or {opened, opens_until}.
 */
export class PhoneLink {
  constructor({ opener, dialog, urls, words, ask, changed }) {
    Object.assign(this, { dialog, urls, words, ask, changed, stands: null });
    this.code = dialog.querySelector("svg");
    this.said = dialog.querySelector("[role=status]");
    opener.addEventListener("click", () => { dialog.showModal(); this.make(); });
    dialog.querySelector("[data-phone-do=anew]").addEventListener("click", () => this.make());
    dialog.querySelector("[data-phone-do=end]").addEventListener("click", () => this.end());
  }

  /** Pages may come from elsewhere now. */
  get live() { return this.stands !== null; }

  async make() {
    this.code.toggleAttribute("hidden", true); // no property of an SVG
    this.said.textContent = "";
    const link = await this.ask(this.urls.make, {});
    if (!link) return this.dialog.close(); // the reason is in a toast
    this.code.setAttribute("viewBox", `0 0 ${link.side} ${link.side}`);
    this.code.firstElementChild.setAttribute("d", link.path);
    this.code.toggleAttribute("hidden", false);
    this.changed();
  }

  async end() {
    if (!(await this.ask(this.urls.end, {}))) return;
    this.dialog.close();
    this.changed();
  }

  show(phone) {
    this.stands = phone;
    const until = phone && new Date(phone.opens_until).toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
    this.said.textContent = !phone ? "" : phone.opened ? this.words.phone_open : this.words.phone_waits.replace("{}", until);
    if (phone?.opened || !phone) this.code.toggleAttribute("hidden", true);
  }
}
