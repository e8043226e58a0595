// The live page: its clocks tick on from what the server said.
import { watchClocks } from "./desk_clocks.js";

watchClocks();
