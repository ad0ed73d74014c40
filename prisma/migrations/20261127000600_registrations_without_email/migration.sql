-- A realm may not ask people for an email. Takes no scan of the table.
ALTER TABLE registrations ALTER COLUMN email DROP NOT NULL;
