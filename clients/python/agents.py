"""Agents at work, through an unmodified boto3: statuses, contacts that are assigned, monitored and dismissed, and their figures.

Every answer is also compared with botocore's model of it, as in operations.py. An agent accepts by /agent/v1, for which no AWS
client exists. Endpoint, region and credentials come from the usual AWS_* environment; the argument is the instance.
"""

import datetime
import json
import os
import sys
import urllib.request

import boto3

from goldens import differences

instance = sys.argv[1]
connect = boto3.client("connect")
participant = boto3.client("connectparticipant")


def judge(http_response, model, **_):
    if http_response.status_code >= 300 or model.output_shape is None:
        return
    found = list(differences(json.loads(http_response.content or b"{}"), model.output_shape, model.name))
    assert not found, found


for client in (connect, participant):
    client.meta.events.register("after-call", judge)

errors = connect.exceptions


def refused(error, call, **given):
    try:
        call(InstanceId=instance, **given)
    except error as e:
        return e.response["Error"]["Message"]
    raise AssertionError(f"{call.__name__} was not refused with {error.__name__}")


def desk(method, path, body=None, token=None):
    """A request of an agent's program."""
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"] + "/agent/v1/" + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


users = {u["Username"]: u["Id"] for u in connect.list_users(InstanceId=instance)["UserSummaryList"]}
jane, john, supervisor = users["agent-1"], users["agent-2"], users["supervisor"]
queue = next(q["Id"] for q in connect.list_queues(InstanceId=instance)["QueueSummaryList"] if q.get("Name") == "BasicQueue")
statuses = {s["Name"]: s["Id"] for s in connect.list_agent_statuses(InstanceId=instance)["AgentStatusSummaryList"]}
lunch = connect.create_agent_status(InstanceId=instance, Name="Lunch", State="ENABLED")["AgentStatusId"]
go = {"Errors": [{"NextAction": "end", "ErrorType": "NoMatchingError"}, {"NextAction": "end", "ErrorType": "QueueAtCapacity"}]}
flow = connect.create_contact_flow(InstanceId=instance, Name="To the queue", Type="CONTACT_FLOW", Content=json.dumps({
    "Version": "2019-10-30", "StartAction": "queue", "Metadata": {}, "Actions": [
        {"Identifier": "queue", "Type": "UpdateContactTargetQueue", "Parameters": {"QueueId": queue},
         "Transitions": {"NextAction": "go", "Errors": go["Errors"][:1]}},
        {"Identifier": "go", "Type": "TransferContactToQueue", "Parameters": {}, "Transitions": {"NextAction": "end", **go}},
        {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
    ]}))["ContactFlowId"]


def waits():
    """A contact that waits in the queue."""
    started = connect.start_chat_contact(InstanceId=instance, ContactFlowId=flow, ParticipantDetails={"DisplayName": "Ana"})
    participant.create_participant_connection(ParticipantToken=started["ParticipantToken"], Type=["CONNECTION_CREDENTIALS"], ConnectParticipant=True)
    return started["ContactId"]


def at_work(user):
    """The user's status, the next one, and the states of the contacts."""
    answer = connect.get_current_user_data(InstanceId=instance, Filters={"Agents": [user]})
    data = answer["UserDataList"][0]
    assert answer["ApproximateTotalCount"] == 1 and data["User"]["Id"] == user, answer
    return data["Status"]["StatusName"], data.get("NextStatus"), [c["AgentContactState"] for c in data["Contacts"]]


# Statuses. In a custom one, nothing is routed to the agent.
connect.put_user_status(InstanceId=instance, UserId=jane, AgentStatusId=lunch)
connect.put_user_status(InstanceId=instance, UserId=jane, AgentStatusId=lunch)
assert at_work(jane) == ("Lunch", None, []), at_work(jane)
refused(errors.ResourceNotFoundException, connect.put_user_status, UserId=instance, AgentStatusId=lunch)
refused(errors.ResourceNotFoundException, connect.put_user_status, UserId=jane, AgentStatusId=instance)

# A contact is assigned; the agent accepts it.
contact = waits()
key = {"ContactId": contact, "UserId": jane}
connect.associate_contact_with_user(InstanceId=instance, **key)
assert "offered" in refused(errors.InvalidRequestException, connect.associate_contact_with_user, **key)
assert "CONNECTING" in refused(errors.InvalidRequestException, connect.dismiss_user_contact, **key)
refused(errors.ResourceNotFoundException, connect.associate_contact_with_user, ContactId=contact, UserId=instance)
refused(errors.ResourceNotFoundException, connect.associate_contact_with_user, ContactId=instance, UserId=jane)
assert at_work(jane) == ("Lunch", None, ["CONNECTING"]), at_work(jane)
token = desk("POST", "session", {"username": "agent-1", "password": "Parley-dev-1", "bearer": True})["token"]
desk("POST", f"contacts/{contact}/accept", {}, token)
shown = connect.describe_contact(InstanceId=instance, ContactId=contact)["Contact"]
assert shown["AgentInfo"]["Id"] == jane and shown["AgentInfo"]["ConnectedToAgentTimestamp"].tzinfo, shown

# With a contact, the status chosen is the next one. Choosing the present one takes it away.
connect.put_user_status(InstanceId=instance, UserId=jane, AgentStatusId=statuses["Offline"])
assert at_work(jane) == ("Lunch", "Offline", ["CONNECTED"]), at_work(jane)
connect.put_user_status(InstanceId=instance, UserId=jane, AgentStatusId=lunch)
assert at_work(jane) == ("Lunch", None, ["CONNECTED"]), at_work(jane)

# A chat is not transferred by TransferContact, nor routed any more; another one, which waits, is.
refused(errors.InvalidRequestException, connect.transfer_contact, ContactId=contact, ContactFlowId=flow, QueueId=queue)
refused(errors.ResourceConflictException, connect.update_contact_routing_data, ContactId=contact, QueuePriority=1)
second = waits()
connect.update_contact_routing_data(InstanceId=instance, ContactId=second, QueuePriority=1)
refused(errors.InvalidParameterException, connect.update_contact_routing_data, ContactId=second, QueuePriority=1, QueueTimeAdjustmentSeconds=1)
assert connect.describe_contact(InstanceId=instance, ContactId=second)["Contact"]["QueuePriority"] == 1
place = connect.get_contact_metrics(InstanceId=instance, ContactId=second, Metrics=[{"Name": "POSITION_IN_QUEUE"}])
assert place["MetricResults"][0]["Value"]["Number"] == 1, place

# A supervisor monitors, if signed in to work; boto3 sends a ClientToken of its own where none is given.
watch = {"ContactId": contact, "UserId": supervisor}
refused(errors.InvalidRequestException, connect.monitor_contact, **watch)
connect.put_user_status(InstanceId=instance, UserId=supervisor, AgentStatusId=lunch)
monitor = connect.monitor_contact(InstanceId=instance, ClientToken="once", **watch)
assert monitor["ContactArn"].endswith("/contact/" + monitor["ContactId"]), monitor
assert connect.monitor_contact(InstanceId=instance, ClientToken="once", **watch)["ContactId"] == monitor["ContactId"]
refused(errors.IdempotencyException, connect.monitor_contact, ContactId=second, UserId=supervisor, ClientToken="once")
refused(errors.AccessDeniedException, connect.monitor_contact, ContactId=contact, UserId=john)
refused(errors.InvalidRequestException, connect.monitor_contact, **watch)
modes = connect.describe_contact(InstanceId=instance, ContactId=monitor["ContactId"])["Contact"]["AgentInfo"]["StateTransitions"]
assert [m["State"] for m in modes] == ["CONNECTED"], modes

# Figures of the present.
now = connect.get_current_metric_data(
    InstanceId=instance, Filters={"Queues": [queue], "Channels": ["CHAT"]}, Groupings=["QUEUE"],
    CurrentMetrics=[{"Name": n, "Unit": "COUNT"} for n in ("AGENTS_ON_CONTACT", "CONTACTS_IN_QUEUE", "SLOTS_ACTIVE")])
figures = {c["Metric"]["Name"]: c["Value"] for c in now["MetricResults"][0]["Collections"]}
assert figures["CONTACTS_IN_QUEUE"] == 1 and figures["AGENTS_ON_CONTACT"] >= 1, figures

# The end, and after-contact work.
connect.stop_contact(InstanceId=instance, ContactId=contact)
assert at_work(jane) == ("Lunch", None, ["ENDED"]), at_work(jane)
connect.dismiss_user_contact(InstanceId=instance, **key)
refused(errors.ResourceNotFoundException, connect.dismiss_user_contact, **key)
connect.dismiss_user_contact(InstanceId=instance, ContactId=monitor["ContactId"], UserId=supervisor)
assert at_work(supervisor) == ("Lunch", None, []), at_work(supervisor)
done = connect.describe_contact(InstanceId=instance, ContactId=contact)["Contact"]
assert done["DisconnectReason"] == "API" and "AfterContactWorkEndTimestamp" in done["AgentInfo"], done
connect.stop_contact(InstanceId=instance, ContactId=second)

# Figures of the past.
until = datetime.datetime.now(datetime.timezone.utc)
past = connect.get_metric_data_v2(
    ResourceArn=connect.describe_instance(InstanceId=instance)["Instance"]["Arn"], StartTime=until - datetime.timedelta(hours=1), EndTime=until,
    Filters=[{"FilterKey": "QUEUE", "FilterValues": [queue]}], Groupings=["QUEUE"],
    Metrics=[{"Name": "CONTACTS_HANDLED"}, {"Name": "CONTACTS_ABANDONED"}, {"Name": "SUM_AFTER_CONTACT_WORK_TIME"}])
figures = {c["Metric"]["Name"]: c["Value"] for c in past["MetricResults"][0]["Collections"]}
assert figures["CONTACTS_HANDLED"] == 1, figures
