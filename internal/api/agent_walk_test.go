package api_test

// agentsAtWork walks through the operations on agents and their contacts: a contact is assigned, answered, monitored and
// dismissed. Each is asked for users and contacts that are not there or are of another instance, and once too often.
func (w *walker) agentsAtWork() {
	w.t.Helper()
	for _, line := range []string{"agent Ann", "agent Bob", "queued"} {
		w.prepare(line)
	}
	w.names["UserId"], w.names["ContactId"] = w.names["Ann"], w.names["contact"]
	user, contact := walk{id: "UserId", unknown: nobody}, walk{id: "ContactId", unknown: nobody}
	w.do(`CreateAgentStatus {"Name":"At lunch","State":"ENABLED"} -> AgentStatusId`)
	w.elsewhere(user, `PutUserStatus`)
	w.elsewhere(walk{id: "AgentStatusId", unknown: nobody}, `PutUserStatus {"AgentStatusId":"${AgentStatusId}"}`)
	w.do(`PutUserStatus`)

	associate := `AssociateContactWithUser {"UserId":"${UserId}"}`
	w.elsewhere(user, associate)
	w.elsewhere(contact, associate)
	w.do(associate)
	w.refused(associate, "InvalidRequestException")
	w.prepare("accept Ann")

	w.do(`UpdateUserSecurityProfiles {"UserId":"${Bob}","SecurityProfileIds":["${admin}"]}`)
	monitor := `MonitorContact {"ContactId":"${ContactId}","UserId":"${Bob}","ClientToken":"walk"}`
	w.elsewhere(contact, monitor)
	w.elsewhere(user, `MonitorContact {"UserId":"${UserId}"}`)
	w.as("InstanceId", otherInstance, func() { w.refused(monitor, gone) })
	w.do(monitor + " -> ContactId=first")
	w.do(monitor + " -> ContactId=again")
	if w.names["first"] != w.names["again"] {
		w.t.Errorf("the same ClientToken made the contacts %s and %s", w.names["first"], w.names["again"])
	}
	w.refused(`MonitorContact {"ClientToken":"walk"}`, "IdempotencyException", "AccessDeniedException")

	dismiss := `DismissUserContact {"ContactId":"${ContactId}"}`
	w.refused(dismiss, "InvalidRequestException")
	w.prepare("customer-leaves")
	w.elsewhere(user, dismiss)
	w.elsewhere(contact, dismiss)
	w.do(dismiss)
	w.refused(dismiss, gone)
}
