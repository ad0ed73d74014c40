import { describe, expect, test } from "bun:test";
import type { KeycloakProfile } from "../../ports/user-repository.ts";
import { fresh, LATER, type MakeSubject, NOW, profileOf } from "./contract-subject.ts";

/** What every UserRepository does where users of a read want names that others have. */
export function namesContract(name: string, makeSubject: MakeSubject): void {
  const begin = async (count: number) => {
    const subject = await makeSubject();
    const { users, tickets } = subject;
    const apply = async (profiles: readonly KeycloakProfile[], now = LATER) =>
      (await users.applyProfiles(profiles, await tickets.next(), now)).map(({ outcome }) => outcome);
    const people = Array.from({ length: count }, () => profileOf()) as [KeycloakProfile, ...KeycloakProfile[]];
    await apply(people, NOW);
    /** That the rows are what was given. */
    const expectRows = async (profiles: readonly KeycloakProfile[]) => {
      for (const profile of profiles) expect(await users.findById(profile.id)).toMatchObject({ ...profile });
    };
    return { ...subject, apply, people, expectRows };
  };
  const nextNames = (people: readonly KeycloakProfile[]) =>
    people.map((profile, index) => {
      const { username, email } = people[(index + 1) % people.length] as KeycloakProfile;
      return { ...profile, username: username.toUpperCase(), email };
    });

  describe(`${name}: UserRepository, names within a batch`, () => {
    test.each([2, 3, 12])("%d users hand their names round", async (count) => {
      const { apply, people, expectRows } = await begin(count);
      const moved = nextNames(people);
      expect(await apply(moved)).toEqual(people.map(() => "updated"));
      await expectRows(moved.map((profile) => ({ ...profile, deletedAt: null }) as KeycloakProfile));
    });

    test("two swap emails, and keep their usernames", async () => {
      const { apply, people, expectRows } = await begin(2);
      const [a, b] = people as [KeycloakProfile, KeycloakProfile];
      const swapped = [
        { ...a, email: b.email },
        { ...b, email: a.email },
      ];
      expect(await apply(swapped)).toEqual(["updated", "updated"]);
      await expectRows(swapped);
    });

    test("new and revived users get what others give up", async () => {
      const { users, apply, people, expectRows } = await begin(3);
      const [giver, gone, other] = people as [KeycloakProfile, KeycloakProfile, KeycloakProfile];
      await users.markDeleted(gone.id, LATER);
      const batch = [
        profileOf({ username: giver.username, email: null }),
        { ...gone, email: giver.email },
        { ...giver, ...profileOf({ id: giver.id, email: null }) },
        { ...other, firstName: "Grace" },
      ];
      expect(await apply(batch)).toEqual(["inserted", "revived", "updated", "updated"]);
      await expectRows(batch);
    });

    test("another's name is a collision, in any case, and costs the others nothing", async () => {
      const { users, apply, people, expectRows } = await begin(4);
      const [holder, ...rest] = people as [KeycloakProfile, KeycloakProfile, KeycloakProfile, KeycloakProfile];
      const [byName, byEmail, fine] = rest;
      const newcomer = profileOf({ email: holder.email });
      const batch = [
        { ...byName, username: holder.username.toUpperCase() },
        { ...byEmail, email: (holder.email as string).toUpperCase() },
        { ...fine, firstName: "Grace" },
        newcomer,
      ];
      expect(await apply(batch)).toEqual(["collision", "collision", "updated", "collision"]);
      await expectRows([holder, byName, byEmail, { ...fine, firstName: "Grace" }]);
      expect(await users.findById(newcomer.id)).toBeNull();
      const holders = await users.findHolders(batch);
      expect(holders.map(({ id }) => id)).toEqual([holder.id]);
      expect(holders[0]).toEqual((await users.findById(holder.id)) as never);
      expect(await users.findHolders([...batch, holder])).toEqual([]);
      expect(await users.findHolders([])).toEqual([]);
    });

    test("a collision is over once its holder is a tombstone, or is in the batch with another name", async () => {
      const { users, apply, people } = await begin(2);
      const [first, second] = people as [KeycloakProfile, KeycloakProfile];
      const heir = profileOf({ username: first.username, email: second.email });
      expect(await apply([heir])).toEqual(["collision"]);
      await users.markDeleted(first.id, LATER);
      expect(await apply([heir])).toEqual(["collision"]);
      expect(await apply([heir, { ...second, email: null }])).toEqual(["inserted", "updated"]);
    });

    test("who waits for a name of one that can't be written can't be written either", async () => {
      const { apply, people, expectRows } = await begin(4);
      const [a, b, c, outsider] = people as [KeycloakProfile, KeycloakProfile, KeycloakProfile, KeycloakProfile];
      const chain = [
        { ...a, username: b.username },
        { ...b, username: c.username },
        { ...c, username: outsider.username },
      ];
      expect(await apply(chain)).toEqual(["collision", "collision", "collision"]);
      await expectRows(people);
    });

    test("of two that want one name, who has it keeps it, else the first gets it", async () => {
      const { apply, people, expectRows } = await begin(2);
      const [a, b] = people as [KeycloakProfile, KeycloakProfile];
      expect(
        await apply([
          { ...a, username: b.username },
          { ...b, firstName: "Grace" },
        ]),
      ).toEqual([...(["collision", "updated"] as const)]);
      const shared = `${fresh("shared")}@example.test`;
      expect(
        await apply([
          { ...a, email: shared },
          { ...b, email: shared.toUpperCase() },
        ]),
      ).toEqual([...(["updated", "collision"] as const)]);
      await expectRows([
        { ...a, email: shared },
        { ...b, firstName: "Grace" },
      ]);
    });

    test("parallel batches that want the same names end in one owner each, the rest in collisions", async () => {
      const { users, apply } = await begin(0);
      for (let round = 0; round < 5; round++) {
        const names = Array.from({ length: 6 }, () => fresh("wanted"));
        const rivals = Array.from({ length: 4 }, () =>
          names.map((username) => profileOf({ username, email: `${username}@example.test` })),
        );
        const outcomes = await Promise.all(rivals.map((batch) => apply(batch)));
        expect(outcomes.flat().filter((outcome) => outcome === "inserted")).toHaveLength(names.length);
        expect(outcomes.flat().filter((outcome) => outcome === "collision")).toHaveLength(names.length * 3);
        for (const username of names) expect(await users.findByUsername(username)).not.toBeNull();
      }
    });

    test("parallel batches that swap the same names to and fro leave what one of them said", async () => {
      const { users, apply, people } = await begin(6);
      const moved = nextNames(people);
      await Promise.all([apply(moved), apply(people), apply(moved), apply([...people].reverse())]);
      const rows = await users.findByIds(people.map(({ id }) => id));
      const states = rows.map(({ id, username }) =>
        [people, moved].findIndex((all) => all.some((one) => one.id === id && one.username === username)),
      );
      expect(new Set(states).size).toBe(1);
      expect(rows.every(({ deletedAt }) => deletedAt === null)).toBe(true);
    });
  });
}
