import { randomInt } from "node:crypto";
import type KcAdminClient from "@keycloak/keycloak-admin-client";
import { newPerson } from "./person.ts";

interface Written {
  id: string;
  username: string;
  email: string;
  enabled: boolean;
  /** Grows with every change; stands in the last name, as `n12`. */
  counter: number;
}

/** Administrators who change users in Keycloak, each its own ones, as fast as Keycloak lets them. */
export class KeycloakWriters {
  /** Changes that Keycloak has confirmed. */
  made = 0;
  #running = true;

  constructor(
    private readonly admin: KcAdminClient,
    private readonly realm: string,
  ) {}

  /** Runs until so many changes are made in all, or until {@link stop}. @param perSecond of all writers; left out: as many as can be */
  async run(writers: number, changes: number, perSecond = Number.POSITIVE_INFINITY): Promise<void> {
    const pauseMs = (writers / perSecond) * 1000;
    let begun = 0;
    await Promise.all(
      Array.from({ length: writers }, async () => {
        const mine = await this.#create(40);
        while (this.#running && begun++ < changes) {
          const from = performance.now();
          await this.#change(mine);
          this.made++;
          const restMs = pauseMs - (performance.now() - from);
          if (restMs > 0) await Bun.sleep(restMs);
        }
      }),
    );
  }

  stop(): void {
    this.#running = false;
  }

  async #create(count: number): Promise<Written[]> {
    const users = Array.from({ length: count }, () => {
      const { password: _, ...person } = newPerson({ lastName: "n0" });
      return { ...person, id: crypto.randomUUID(), enabled: true };
    });
    await this.admin.realms.partialImport({ realm: this.realm, rep: { ifResourceExists: "FAIL", users } });
    return users.map(({ id, username, email }) => ({ id, username, email, enabled: true, counter: 0 }));
  }

  async #change(mine: Written[]): Promise<void> {
    const user = mine[randomInt(mine.length)] as Written;
    const dice = randomInt(100);
    if (dice < 2) return await this.#replace(mine, user);
    if (dice < 4) return await this.#swapEmails(user, mine[randomInt(mine.length)] as Written);
    if (dice < 10) user.enabled = !user.enabled;
    else if (dice < 20) user.email = newPerson().email;
    await this.#write(user);
  }

  async #write(user: Written): Promise<void> {
    user.counter++;
    const { id, email, enabled, counter } = user;
    await this.admin.users.update({ id }, { email, enabled, lastName: `n${counter}` });
  }

  /** Deleted, and a new user takes its username and email. */
  async #replace(mine: Written[], user: Written): Promise<void> {
    await this.admin.users.del({ id: user.id });
    const { username, email } = user;
    const { id } = await this.admin.users.create({ username, email, firstName: "Ada", lastName: "n0", enabled: true });
    mine[mine.indexOf(user)] = { id, username, email, enabled: true, counter: 0 };
  }

  async #swapEmails(one: Written, other: Written): Promise<void> {
    if (one === other) return await this.#write(one);
    const [first, second] = [one.email, other.email];
    one.email = newPerson().email;
    await this.#write(one);
    other.email = first;
    await this.#write(other);
    one.email = second;
    await this.#write(one);
  }
}
