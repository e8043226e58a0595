// Stands in for the provider's browser SDK: the parts of its interface that the desk uses, and a hand to ring with.
class Emitter {
  #heard = new Map();
  on(name, act) {
    this.#heard.set(name, [...(this.#heard.get(name) ?? []), act]);
  }
  emit(name, ...told) {
    for (const act of this.#heard.get(name) ?? []) act(...told);
  }
}

class Call extends Emitter {
  constructor(parameters) {
    super();
    Object.assign(this, { customParameters: new Map(Object.entries(parameters)), isOpen: false, digits: "", muted: false });
  }
  accept() {
    this.isOpen = true;
    this.emit("accept", this);
  }
  reject() {
    this.emit("reject");
  }
  disconnect() {
    this.isOpen = false;
    this.emit("disconnect", this);
  }
  mute(should = true) {
    this.muted = should;
    this.emit("mute", should, this);
  }
  isMuted() {
    return this.muted;
  }
  sendDigits(digits) {
    this.digits += digits;
  }
}

class Device extends Emitter {
  constructor(token) {
    super();
    Object.assign(this, { token, state: "unregistered" });
    window.fakePhone.devices.push(this);
  }
  async register() {
    this.state = "registered";
    this.emit("registered");
  }
  updateToken(token) {
    this.token = token;
  }
  destroy() {
    this.state = "destroyed";
  }
}

window.fakePhone = {
  devices: [],
  ring(parameters) {
    this.call = new Call(parameters);
    this.devices[0].emit("incoming", this.call);
  },
};
window.Twilio = { Device };
