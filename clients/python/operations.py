"""Flows and what flows use, through an unmodified boto3: modules, versions, hours, views, associations, tags, a queue.

Every answer is also compared with botocore's model of it, member by member, as goldens.py compares the golden ones.
Endpoint, region and credentials come from the usual AWS_* environment; the argument is the instance. Prints a line for
each step and fails with the first thing that is not as it should be.
"""

import datetime
import json
import sys

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


def refused(error, call, **given):
    try:
        call(InstanceId=instance, **given)
    except error as e:
        assert e.response["ResponseMetadata"]["RequestId"], e.response
        return e.response
    raise AssertionError(f"{call.__name__} was not refused with {error.__name__}")


def every(operation, result, **given):
    """The whole of a list, by the paginator that botocore has for it, two a page."""
    pages = connect.get_paginator(operation).paginate(InstanceId=instance, PaginationConfig={"PageSize": 2}, **given)
    return pages.build_full_result()[result]


def recent(moment):
    assert moment.tzinfo, moment
    age = datetime.datetime.now(datetime.timezone.utc) - moment
    assert abs(age) < datetime.timedelta(hours=1), moment


def document(text, last):
    return json.dumps({
        "Version": "2019-10-30", "StartAction": "say", "Metadata": {}, "Settings": {},
        "Actions": [
            {"Identifier": "say", "Type": "MessageParticipant", "Parameters": {"Text": text},
             "Transitions": {"NextAction": "last", "Errors": [{"NextAction": "last", "ErrorType": "NoMatchingError"}]}},
            {"Identifier": "last", "Parameters": {}, "Transitions": {}, **last},
        ],
    })


def waiting(text):
    """A flow that says something and waits."""
    return json.dumps({"Version": "2019-10-30", "StartAction": "say", "Metadata": {}, "Actions": [
        {"Identifier": "say", "Type": "MessageParticipant", "Parameters": {"Text": text},
         "Transitions": {"NextAction": "wait", "Errors": [{"NextAction": "wait", "ErrorType": "NoMatchingError"}]}},
        {"Identifier": "wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600"},
         "Transitions": {"NextAction": "end", "Errors": [{"NextAction": "end", "ErrorType": "NoMatchingError"}],
                         "Conditions": [{"NextAction": "end", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
        {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]})


def modules():
    content = document("in the module", {"Type": "EndFlowModuleExecution"})
    made = connect.create_contact_flow_module(InstanceId=instance, Name="Who", Content=content, Tags={"team": "blue"})
    key = {"ContactFlowModuleId": made["Id"]}
    refused(connect.exceptions.DuplicateResourceException, connect.create_contact_flow_module, Name="Who", Content=content)
    wrong = document("hm", {"Type": "Shout"})
    problems = refused(connect.exceptions.InvalidContactFlowModuleException, connect.update_contact_flow_module_content, Content=wrong, **key)
    assert problems["Problems"] == [{"message": "Invalid Action type. Type: Shout, Path: Actions[1].Type"}], problems
    version = connect.create_contact_flow_module_version(InstanceId=instance, **key)["Version"]
    alias = connect.create_contact_flow_module_alias(InstanceId=instance, AliasName="live", ContactFlowModuleVersion=version, **key)
    about = connect.describe_contact_flow_module_alias(InstanceId=instance, AliasId=alias["Id"], **key)["ContactFlowModuleAlias"]
    recent(about["LastModifiedTime"])
    for i in range(3):
        connect.create_contact_flow_module(InstanceId=instance, Name=f"Other {i}", Content=content)
    assert len(every("list_contact_flow_modules", "ContactFlowModulesSummaryList")) == 4
    assert connect.describe_contact_flow_module(InstanceId=instance, **key)["ContactFlowModule"]["Content"] == content

    flow = connect.create_contact_flow(
        InstanceId=instance, Name="Caller", Type="CONTACT_FLOW",
        Content=json.dumps({"Version": "2019-10-30", "StartAction": "ask", "Metadata": {}, "Actions": [
            {"Identifier": "ask", "Type": "InvokeFlowModule", "Parameters": {"FlowModuleId": f"{made['Id']}:live"},
             "Transitions": {"NextAction": "wait", "Errors": [{"NextAction": "end", "ErrorType": "NoMatchingError"}]}},
            {"Identifier": "wait", "Type": "Wait", "Parameters": {"TimeLimitSeconds": "600"},
             "Transitions": {"NextAction": "end", "Errors": [{"NextAction": "end", "ErrorType": "NoMatchingError"}],
                             "Conditions": [{"NextAction": "end", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}]}},
            {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}}]}),
    )["ContactFlowId"]
    started = connect.start_chat_contact(InstanceId=instance, ContactFlowId=flow, ParticipantDetails={"DisplayName": "Ana"})
    token = participant.create_participant_connection(
        ParticipantToken=started["ParticipantToken"], Type=["CONNECTION_CREDENTIALS"], ConnectParticipant=True
    )["ConnectionCredentials"]["ConnectionToken"]
    said = participant.get_transcript(ConnectionToken=token, SortOrder="ASCENDING")["Transcript"]
    assert "in the module" in [i.get("Content") for i in said], said
    connect.delete_contact_flow_module(InstanceId=instance, **key)
    refused(connect.exceptions.ResourceNotFoundException, connect.describe_contact_flow_module, **key)


def flow_versions():
    content = document("Hello", {"Type": "DisconnectParticipant"})
    flow = {"ContactFlowId": connect.create_contact_flow(
        InstanceId=instance, Name="Draft", Type="CONTACT_FLOW", Content=content, Status="SAVED")["ContactFlowId"]}
    refused(connect.exceptions.ContactFlowNotPublishedException, connect.describe_contact_flow, **flow)
    saved = connect.describe_contact_flow(InstanceId=instance, ContactFlowId=flow["ContactFlowId"] + ":$SAVED")["ContactFlow"]
    assert saved["Status"] == "SAVED" and saved["Content"] == content, saved
    recent(saved["LastModifiedTime"])
    problems = refused(connect.exceptions.InvalidContactFlowException, connect.update_contact_flow_content, Content="no JSON", **flow)
    assert problems["problems"][0]["message"], problems
    connect.update_contact_flow_content(InstanceId=instance, Content=content, **flow)
    for _ in range(3):
        connect.create_contact_flow_version(InstanceId=instance, **flow)
    versions = every("list_contact_flow_versions", "ContactFlowVersionSummaryList", **flow)
    assert sorted(v["Version"] for v in versions) == [1, 2, 3], versions
    recent(versions[0]["LastModifiedTime"])


def flow_aliases():
    flow = {"ContactFlowId": connect.create_contact_flow(
        InstanceId=instance, Name="Aliased", Type="CONTACT_FLOW", Content=waiting("first"))["ContactFlowId"]}
    one = connect.create_contact_flow_version(InstanceId=instance, **flow)["Version"]
    connect.update_contact_flow_content(InstanceId=instance, Content=waiting("second"), **flow)
    two = connect.create_contact_flow_version(InstanceId=instance, **flow)["Version"]
    made = connect.create_contact_flow_alias(InstanceId=instance, AliasName="live", Description="d", ContactFlowVersion=one, **flow)
    assert made["ContactFlowArn"].endswith(flow["ContactFlowId"] + ":live"), made
    for i in range(3):
        connect.create_contact_flow_alias(InstanceId=instance, AliasName=f"other {i}", ContactFlowVersion=two, **flow)
    refused(connect.exceptions.DuplicateResourceException, connect.create_contact_flow_alias, AliasName="live", ContactFlowVersion=two, **flow)
    listed = every("list_contact_flow_aliases", "ContactFlowAliasSummaryList", **flow)
    assert sorted(a["AliasName"] for a in listed) == ["live", "other 0", "other 1", "other 2"], listed
    key = {"AliasId": made["Id"], **flow}
    about = connect.describe_contact_flow_alias(InstanceId=instance, **key)["ContactFlowAlias"]
    assert (about["Name"], about["Description"], about["Version"]) == ("live", "d", one), about
    recent(about["LastModifiedTime"])
    by_alias = {"ContactFlowId": made["ContactFlowArn"]}
    assert "first" in connect.describe_contact_flow(InstanceId=instance, **by_alias)["ContactFlow"]["Content"]
    refused(connect.exceptions.InvalidRequestException, connect.delete_contact_flow_version, ContactFlowVersion=one, **flow)
    connect.update_contact_flow_alias(InstanceId=instance, ContactFlowVersion=two, **key)
    assert "second" in connect.describe_contact_flow(InstanceId=instance, **by_alias)["ContactFlow"]["Content"]
    connect.delete_contact_flow_version(InstanceId=instance, ContactFlowVersion=one, **flow)
    assert "second" in spoken(connect.start_chat_contact(
        InstanceId=instance, ParticipantDetails={"DisplayName": "Ana"}, ConnectionTypes=["CONNECTION_CREDENTIALS"], **by_alias))
    connect.delete_contact_flow_alias(InstanceId=instance, **key)
    refused(connect.exceptions.ResourceNotFoundException, connect.describe_contact_flow_alias, **key)


def spoken(started):
    """What a chat's transcript says once its customer has joined, read with the token that came with the chat if one did."""
    joined = participant.create_participant_connection(
        ParticipantToken=started["ParticipantToken"], Type=["CONNECTION_CREDENTIALS"], ConnectParticipant=True)
    credentials = started.get("ConnectionCredentials", joined["ConnectionCredentials"])
    shown = participant.get_transcript(ConnectionToken=credentials["ConnectionToken"], SortOrder="ASCENDING")["Transcript"]
    return [i["Content"] for i in shown if "Content" in i]


def connections():
    chat = {"ContactFlowId": connect.create_contact_flow(InstanceId=instance, Name="Waits", Type="CONTACT_FLOW", Content=waiting("Hello"))["ContactFlowId"],
            "ParticipantDetails": {"DisplayName": "Ana"}}
    assert not {"Websocket", "ConnectionCredentials", "StreamingId"} & set(connect.start_chat_contact(InstanceId=instance, **chat))
    both = {"ConnectionTypes": ["WEBSOCKET", "CONNECTION_CREDENTIALS"], "ClientToken": "connections", **chat}
    first, again = (connect.start_chat_contact(InstanceId=instance, **both) for _ in range(2))
    assert first["ContactId"] == again["ContactId"] and first["Websocket"]["Url"] != again["Websocket"]["Url"], again
    assert first["Websocket"]["Url"].startswith("ws"), first
    for answer in first, again:
        connect_expiry, expiry = answer["Websocket"]["ConnectionExpiry"], answer["ConnectionCredentials"]["Expiry"]
        assert connect_expiry < expiry, answer
        assert spoken(answer) == ["Hello"], answer
    participant.send_message(ConnectionToken=first["ConnectionCredentials"]["ConnectionToken"], ContentType="text/plain", Content="hello")
    connect.stop_contact(InstanceId=instance, ContactId=first["ContactId"])
    ended = connect.start_chat_contact(InstanceId=instance, **both)
    assert ended["ContactId"] == first["ContactId"] and "Websocket" not in ended, ended
    for bad in ({"ConnectionTypes": ["AUTHENTICATION_SESSION"]}, {"ConnectionTypes": ["WEBRTC_CONNECTION", "AUTHENTICATION_SESSION"]},
                {"ChatStreamingConfiguration": {"StreamingEndpointArn": "arn:aws:sns:us-east-1:123456789012:chat"}}):
        refused(connect.exceptions.InvalidParameterException, connect.start_chat_contact, **bad, **chat)


def hours():
    nine, five = {"Hours": 9, "Minutes": 0}, {"Hours": 17, "Minutes": 0}
    key = {"HoursOfOperationId": connect.create_hours_of_operation(
        InstanceId=instance, Name="Office", TimeZone="Europe/Berlin",
        Config=[{"Day": "MONDAY", "StartTime": nine, "EndTime": five}])["HoursOfOperationId"]}
    connect.create_hours_of_operation_override(
        InstanceId=instance, Name="Holiday", Config=[], EffectiveFrom="2030-01-07", EffectiveTill="2030-01-07", **key)
    effective = connect.get_effective_hours_of_operations(InstanceId=instance, FromDate="2030-01-07", ToDate="2030-01-14", **key)
    first, *_, last = effective["EffectiveHoursOfOperationList"]
    assert first["OperationalHours"] == [] and last["OperationalHours"] == [{"Start": nine, "End": five}], effective
    recent(connect.describe_hours_of_operation(InstanceId=instance, **key)["HoursOfOperation"]["LastModifiedTime"])
    assert len(every("list_hours_of_operations", "HoursOfOperationSummaryList")) == 2
    assert len(every("list_hours_of_operation_overrides", "HoursOfOperationOverrideList", **key)) == 1
    basic = next(h["Id"] for h in every("list_hours_of_operations", "HoursOfOperationSummaryList") if h["Name"] == "Basic Hours")
    refused(connect.exceptions.InvalidRequestException, connect.delete_hours_of_operation, HoursOfOperationId=basic)


def views():
    template = {"Head": {"Title": "Offer", "Configuration": {"Layout": {"Columns": ["12"]}}},
                "Body": [{"_id": "skip", "Type": "Button", "Props": {"Action": "Skip"}, "Content": ["$.Label"]}]}
    content = {"Template": json.dumps(template), "Actions": ["Skip"]}
    view = connect.create_view(InstanceId=instance, Name="Offer", Status="PUBLISHED", Content=content)["View"]
    assert json.loads(view["Content"]["InputSchema"])["required"] == ["Label"], view
    recent(view["CreatedTime"])
    version = connect.create_view_version(InstanceId=instance, ViewId=view["Id"], ViewContentSha256=view["ViewContentSha256"])["View"]
    assert version["Version"] == 1 and version["Arn"].endswith(":1"), version
    refused(connect.exceptions.DuplicateResourceException, connect.create_view, Name="Offer", Status="PUBLISHED", Content=content)
    kinds = [v["Type"] for v in every("list_views", "ViewsSummaryList")]
    assert kinds.count("CUSTOMER_MANAGED") == 1 and kinds.count("AWS_MANAGED") >= 5, kinds
    for managed in every("list_views", "ViewsSummaryList", Type="AWS_MANAGED"):
        shown = connect.describe_view(InstanceId=instance, ViewId=managed["Id"])["View"]
        assert shown["Content"]["Actions"] and shown["Arn"] == managed["Arn"], shown
        json.loads(shown["Content"]["Template"]), json.loads(shown["Content"]["InputSchema"])


def associations():
    function = "arn:aws:lambda:us-east-1:123456789012:function:greet"
    connect.associate_lambda_function(InstanceId=instance, FunctionArn=function)
    refused(connect.exceptions.ResourceConflictException, connect.associate_lambda_function, FunctionArn=function)
    assert every("list_lambda_functions", "LambdaFunctions") == [function]
    bot = {"AliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/TSTALIASID"}
    connect.associate_bot(InstanceId=instance, LexV2Bot=bot)
    assert every("list_bots", "LexBots", LexVersion="V2") == [{"LexV2Bot": bot}]


def queues():
    flow = every("list_contact_flows", "ContactFlowSummaryList", ContactFlowTypes=["CONTACT_FLOW"])[0]["Id"]
    night = connect.create_hours_of_operation(InstanceId=instance, Name="Night", TimeZone="UTC", Config=[])["HoursOfOperationId"]

    def quick(name):
        config = {"QuickConnectType": "FLOW", "FlowConfig": {"ContactFlowId": flow}}
        return connect.create_quick_connect(InstanceId=instance, Name=name, QuickConnectConfig=config)["QuickConnectId"]

    one, two = quick("One"), quick("Two")
    made = connect.create_queue(
        InstanceId=instance, Name="Support", HoursOfOperationId=night, MaxContacts=5, QuickConnectIds=[one], Tags={"team": "blue"})
    key = {"InstanceId": instance, "QueueId": made["QueueId"]}
    refused(connect.exceptions.DuplicateResourceException, connect.create_queue, Name="Support", HoursOfOperationId=night)
    refused(connect.exceptions.ResourceNotFoundException, connect.create_queue, Name="Other", HoursOfOperationId=instance)
    connect.update_queue_max_contacts(MaxContacts=0, **key)
    connect.update_queue_status(Status="DISABLED", **key)
    connect.update_queue_name(Name="Help", Description="Who needs help", **key)
    connect.update_queue_outbound_caller_config(OutboundCallerConfig={"OutboundCallerIdName": "Example Corp"}, **key)
    connect.associate_queue_quick_connects(QuickConnectIds=[two], **key)
    shown = connect.describe_queue(**key)["Queue"]
    recent(shown.pop("LastModifiedTime"))
    assert shown == {
        "Name": "Help", "Description": "Who needs help", "QueueArn": made["QueueArn"], "QueueId": made["QueueId"], "Status": "DISABLED",
        "HoursOfOperationId": night, "OutboundCallerConfig": {"OutboundCallerIdName": "Example Corp"}, "Tags": {"team": "blue"},
        "LastModifiedRegion": "us-east-1"}, shown
    listed = [q["Name"] for q in every("list_queue_quick_connects", "QuickConnectSummaryList", QueueId=made["QueueId"])]
    assert sorted(listed) == ["One", "Two"], listed
    assert {q["Name"] for q in every("list_queues", "QueueSummaryList", QueueTypes=["STANDARD"])} == {"BasicQueue", "Help"}
    to_help = {"QuickConnectType": "QUEUE", "QueueConfig": {"QueueId": made["QueueId"], "ContactFlowId": flow}}
    connect.update_quick_connect_config(InstanceId=instance, QuickConnectId=one, QuickConnectConfig=to_help)
    connect.update_quick_connect_name(InstanceId=instance, QuickConnectId=one, Name="To help")
    assert connect.describe_quick_connect(InstanceId=instance, QuickConnectId=one)["QuickConnect"]["QuickConnectConfig"] == to_help
    refused(connect.exceptions.ResourceInUseException, connect.delete_queue, QueueId=made["QueueId"])
    refused(connect.exceptions.InvalidRequestException, connect.delete_hours_of_operation, HoursOfOperationId=night)
    connect.delete_quick_connect(InstanceId=instance, QuickConnectId=one)
    connect.disassociate_queue_quick_connects(QuickConnectIds=[two], **key)
    assert every("list_queue_quick_connects", "QuickConnectSummaryList", QueueId=made["QueueId"]) == []
    assert [q["Name"] for q in every("list_quick_connects", "QuickConnectSummaryList", QuickConnectTypes=["FLOW"])] == ["Two"]
    basic = next(h["Id"] for h in every("list_hours_of_operations", "HoursOfOperationSummaryList") if h["Name"] == "Basic Hours")
    connect.update_queue_hours_of_operation(HoursOfOperationId=basic, **key)
    connect.delete_hours_of_operation(InstanceId=instance, HoursOfOperationId=night)
    connect.delete_queue(**key)
    refused(connect.exceptions.ResourceNotFoundException, connect.describe_queue, QueueId=made["QueueId"])


def queued_contact():
    flows = every("list_contact_flows", "ContactFlowSummaryList", ContactFlowTypes=["CONTACT_FLOW"])
    inbound = next(f["Id"] for f in flows if f["Name"].startswith("Sample inbound flow"))
    started = connect.start_chat_contact(InstanceId=instance, ContactFlowId=inbound, ParticipantDetails={"DisplayName": "Ana"})
    key = {"ContactId": started["ContactId"]}
    connect.tag_contact(InstanceId=instance, Tags={"team": "blue", "case": "1"}, **key)
    connect.untag_contact(InstanceId=instance, TagKeys=["case"], **key)
    refused(connect.exceptions.ResourceNotFoundException, connect.tag_contact, ContactId=instance, Tags={"a": "b"})
    participant.create_participant_connection(
        ParticipantToken=started["ParticipantToken"], Type=["CONNECTION_CREDENTIALS"], ConnectParticipant=True)
    contact = connect.describe_contact(InstanceId=instance, **key)["Contact"]
    recent(contact["InitiationTimestamp"])
    recent(contact["QueueInfo"]["EnqueueTimestamp"])
    assert contact["Tags"]["team"] == "blue" and "case" not in contact["Tags"], contact
    connect.stop_contact(InstanceId=instance, **key)


for story in (modules, flow_versions, flow_aliases, connections, hours, views, associations, queues, queued_contact):
    print(story.__name__, flush=True)
    story()
