import { expect, test } from "bun:test";
import { Registry } from "prom-client";
import { createAuthMetrics } from "./metrics.ts";

test("two facades share the metrics of one registry", async () => {
  const registry = new Registry();
  for (const metrics of [createAuthMetrics(registry), createAuthMetrics(registry)]) {
    metrics.observeKeycloak("refresh", "success", 0.02);
    metrics.observeDatabase("find_session", "success", 0.001);
    metrics.authOutcome("login", "auth.invalid_credentials");
    metrics.registrationUndo("undone");
  }
  const page = await registry.metrics();
  for (const line of [
    'keycloak_requests_total{operation="refresh",outcome="success"} 2',
    'keycloak_request_duration_seconds_count{operation="refresh"} 2',
    'database_calls_total{operation="find_session",outcome="success"} 2',
    'database_call_duration_seconds_count{operation="find_session"} 2',
    'auth_outcomes_total{flow="login",outcome="auth.invalid_credentials"} 2',
    'registration_undo_total{outcome="undone"} 2',
  ]) {
    expect(page).toContain(line);
  }
});
