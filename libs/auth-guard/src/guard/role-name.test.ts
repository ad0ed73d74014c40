import { expect, test } from "bun:test";
import fc from "fast-check";
import { clientRole, partsOfRole, type RoleParts, realmRole } from "./role-name.ts";

test.each([
  [realmRole("admin"), "admin"],
  [realmRole("reports:read"), ":reports:read"],
  [realmRole(":x"), "::x"],
  [realmRole("100%"), "100%"],
  [clientRole("gw", "admin"), "gw:admin"],
  [clientRole("gw", "orders:read"), "gw:orders:read"],
  [clientRole("urn:till", "open"), "urn%3Atill:open"],
  [clientRole("https://shop.example", "a:b"), "https%3A//shop.example:a:b"],
  [clientRole("50%", "x"), "50%25:x"],
])("%s", (named, expected) => {
  expect(named).toBe(expected);
});

// Colons, percent signs and what escapes are made of: where names could meet.
const name = fc.string({ unit: fc.constantFrom("a", "b", ":", "%", "3", "A", "2", "5"), minLength: 1, maxLength: 8 });
const role = fc.record({ clientId: fc.option(name), role: name });
const named = ({ clientId, role }: RoleParts) => (clientId === null ? realmRole(role) : clientRole(clientId, role));

test("no two roles have one name, and each name leads back to its role", () => {
  fc.assert(
    fc.property(role, role, (a, b) => {
      expect(partsOfRole(named(a))).toEqual(a);
      expect(named(a) === named(b)).toBe(a.clientId === b.clientId && a.role === b.role);
    }),
    { numRuns: 5_000 },
  );
});
