-- The contacts of a customer.

-- +goose Up

-- customer is the CustomerId of the contact's chat. It goes with the chat. Contacts without one, and those that no search
-- shows yet, are not in the index.
ALTER TABLE contact ADD COLUMN customer BYTEA;
CREATE INDEX contact_customer ON contact (instance, customer, shown, id) WHERE customer IS NOT NULL AND shown IS NOT NULL;
