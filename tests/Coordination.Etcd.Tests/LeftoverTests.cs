using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Support;
using Etcdserverpb;

namespace Coordination.Etcd.Tests;

/// <summary>What is over leaves nothing behind, in the process or at the server: no claim, no key, no watch, no request that comes late.</summary>
public sealed class LeftoverTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_held_claim_that_was_deleted_by_force_is_forgotten_when_a_renewal_finds_it_gone()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var backend = EtcdBackend.Create(server.Address);
        await using var session = await FaultTests.OpenAsync(backend);
        var deleted = FaultTests.Exclusive("x");
        await session.ClaimAsync(deleted, Token);
        var key = Assert.Single(await admin.KeysAsync());
        await admin.DeleteAsync(deleted.Key);
        Assert.Equal(ClaimRenewalOutcome.Lost, Assert.Single((await session.RenewAsync([deleted.Key], Token)).Exceptions).Outcome);

        // Its key is free for the next, and its id is used up.
        Assert.Equal(ClaimOutcome.Refused, (await session.ClaimAsync(deleted, Token)).Outcome);
        await session.ClaimAsync(FaultTests.Exclusive("x"), Token);
        Assert.Equal(key, Assert.Single(await admin.KeysAsync()));
    }

    [Fact]
    public async Task A_request_of_a_held_claim_that_comes_after_the_claim_was_deleted_by_force_enters_nothing()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var backend = EtcdBackend.Create($"http://{proxy.EndPoint}");
        await using var session = await FaultTests.OpenAsync(backend);
        var claim = await HeldWithoutAnswerAsync(proxy, session, "x");
        var lease = await admin.LeaseOfAsync(claim.Key);
        var late = Late(backend, session, claim, lease);
        await admin.DeleteAsync(claim.Key);
        await session.RenewAsync([claim.Key], Token);
        Assert.Null(await backend.MaintainAsync(Token));

        // A copy of the request has been on its way since, through another member, say.
        Assert.False((await admin.Kv.TxnAsync(late)).Succeeded);
        Assert.False(await admin.ExistsAsync(claim.Key));

        // The session goes on, in its new epoch.
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(FaultTests.Exclusive("x"), Token)).Outcome);
    }

    [Fact]
    public async Task The_engine_sees_to_it_that_nothing_comes_late_once_a_held_claim_is_lost()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var coordinator = new Coordinator(EtcdBackend.Create($"http://{proxy.EndPoint}"));
        await using var other = await coordinator.CreateLock("other").AcquireAsync(Token);
        var lost = proxy.LoseReplyOf(FaultProxy.Mentions("|x|"), Http2.HasReply);
        var lease = await coordinator.CreateLock("x").AcquireAsync(Token);
        await lost;
        await admin.DeleteAsync(((IBackendLease)lease).Claim);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await lease.RenewAsync(Token));
        await FaultTests.UntilAsync(async () => (await admin.KeysAsync()).Any(static key => key.StartsWith("coordination||", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_claim_whose_reply_was_lost_is_released_at_once_although_the_database_is_full()
    {
        await using var server = await FaultTests.StartAsync("--quota-backend-bytes", "4194304");
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var backend = EtcdBackend.Create($"http://{proxy.EndPoint}");
        await using var session = await FaultTests.OpenAsync(backend);
        var claim = await HeldWithoutAnswerAsync(proxy, session, "x");
        var late = Late(backend, session, claim, await admin.LeaseOfAsync(claim.Key));
        await FaultTests.FillAsync(admin);

        Assert.True(await session.ReleaseAsync(claim.Key, Token));
        Assert.False(await admin.ExistsAsync(claim.Key));

        // A late request is held off as soon as there is space for that; before, there is none for what it asks for either.
        Assert.NotNull(await backend.MaintainAsync(Token));
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await admin.Kv.TxnAsync(late));
        await FaultTests.MakeSpaceAsync(admin);
        await FaultTests.UntilAsync(async () => await backend.MaintainAsync(Token) is null);
        Assert.False((await admin.Kv.TxnAsync(late)).Succeeded);
        Assert.False(await session.ReleaseAsync(claim.Key, Token));
    }

    [Fact]
    public async Task A_claim_that_meets_the_quota_and_is_applied_all_the_same_goes_with_its_release()
    {
        await using var server = await FaultTests.StartAsync("--quota-backend-bytes", "4194304");
        using var admin = new Admin(server.Address);
        await using var backend = EtcdBackend.Create(server.Address);
        await using var session = await FaultTests.OpenAsync(backend);
        var held = FaultTests.Exclusive("held");
        await session.ClaimAsync(held, Token);
        await FaultTests.FillAsync(admin);
        var refused = FaultTests.Exclusive("x");
        await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(refused, Token));

        // The server checks the quota before it takes a request and again when it applies it, and the second time it applies it first (quotaApplierV3): the same answer, and the key is there.
        var applied = Late(backend, session, refused, await admin.LeaseOfAsync(held.Key));
        await FaultTests.MakeSpaceAsync(admin);
        Assert.True((await admin.Kv.TxnAsync(applied)).Succeeded);

        Assert.True(await session.ReleaseAsync(refused.Key, Token));
        Assert.False(await admin.ExistsAsync(refused.Key));
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(FaultTests.Exclusive("x"), Token)).Outcome);
    }

    [Fact]
    public async Task A_held_claim_that_a_late_copy_has_put_back_behind_another_is_lost()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var backend = EtcdBackend.Create($"http://{proxy.EndPoint}");
        await using var session = await FaultTests.OpenAsync(backend);
        await using var other = await FaultTests.OpenAsync(backend);
        var claim = await HeldWithoutAnswerAsync(proxy, session, "x");
        var late = Late(backend, session, claim, await admin.LeaseOfAsync(claim.Key));
        await admin.DeleteAsync(claim.Key);
        var next = FaultTests.Exclusive("x");
        Assert.Equal(ClaimOutcome.Granted, (await other.ClaimAsync(next, Token)).Outcome);
        Assert.True((await admin.Kv.TxnAsync(late)).Succeeded);

        // Its key is there, and it is not the claim that was granted.
        Assert.Equal(ClaimRenewalOutcome.Lost, Assert.Single((await session.RenewAsync([claim.Key], Token)).Exceptions).Outcome);
        Assert.Null(await backend.MaintainAsync(Token));
        Assert.False(await admin.ExistsAsync(claim.Key));
        Assert.True(await admin.ExistsAsync(next.Key));
    }

    [Fact]
    public async Task A_watch_does_not_outlive_the_last_session()
    {
        await using var server = await FaultTests.StartAsync();
        await using var backend = EtcdBackend.Create(server.Address);
        await using var one = await FaultTests.OpenAsync(backend);
        var other = await FaultTests.OpenAsync(backend);
        await one.ClaimAsync(FaultTests.Exclusive("x"), Token);
        var waiting = FaultTests.Exclusive("x");
        Assert.Equal(ClaimOutcome.Waiting, (await other.ClaimAsync(waiting, Token)).Outcome);
        await FaultTests.UntilAsync(async () => await server.MetricAsync("etcd_debugging_mvcc_watcher_total") > 0);
        await other.ReleaseAsync(waiting.Key, Token);
        await other.DisposeAsync();
        Assert.Equal(1, backend.Watches.Count);
        await one.DisposeAsync();
        Assert.Equal(0, backend.Watches.Count);
        await FaultTests.UntilAsync(async () => await server.MetricAsync("etcd_debugging_mvcc_watcher_total") == 0);
    }

    [Fact]
    public void Attachments_without_an_answer_are_remembered_for_as_long_as_they_can_matter()
    {
        var time = new ManualClock();
        var attachments = new UnansweredAttachments<string>(time);
        attachments.Keep("old", static _ => "a", TimeSpan.FromSeconds(10));
        attachments.Keep("new", static _ => "b", TimeSpan.FromSeconds(30));
        time.Advance(TimeSpan.FromSeconds(20));
        attachments.Keep("other", static _ => "c", TimeSpan.FromSeconds(10));
        Assert.Equal(3, attachments.Count);
        time.Advance(TimeSpan.FromSeconds(1));
        attachments.Keep("other", static known => known + "d", TimeSpan.FromSeconds(10));
        Assert.Equal(2, attachments.Count);
        Assert.Null(attachments.Take("old"));
        Assert.Equal("b", attachments.Find("new"));
        Assert.Equal("b", attachments.Take("new"));
        Assert.Null(attachments.Take("new"));
        Assert.Equal("cd", attachments.Take("other"));
        Assert.Equal(0, attachments.Count);
    }

    [Fact]
    public async Task A_ticket_that_turns_out_to_be_worth_nothing_is_not_remembered()
    {
        await using var server = await FaultTests.StartAsync();
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var backend = EtcdBackend.Create($"http://{proxy.EndPoint}");
        var session = await FaultTests.OpenAsync(backend);
        var claim = FaultTests.Exclusive("x");
        await session.ClaimAsync(claim, Token);
        var request = new SessionRequest(TimeSpan.FromSeconds(30)) { Ticket = await session.DetachAsync(claim.Key, Token) };
        await session.DisposeAsync();
        var lost = proxy.LoseReplyOf(FaultProxy.Mentions("|x|"), Http2.HasReply);
        await Assert.ThrowsAsync<CoordinationException>(async () => await backend.OpenSessionAsync(request, new RecordingListener(), Token));
        await lost;
        Assert.Equal(1, backend.Attachments.Count);
        await admin.DeleteAsync(claim.Key);
        await Assert.ThrowsAsync<LeaseLostException>(async () => await backend.OpenSessionAsync(request, new RecordingListener(), Token));
        Assert.Equal(0, backend.Attachments.Count);
    }

    [Fact]
    public void Who_is_granted_of_a_long_queue_is_found_in_one_pass()
    {
        // What the last of many readers knows of itself is its token alone: it is granted if that is not behind the last that is.
        var value = new EtcdValue(ClaimMode.Shared, 1, "a", "").Encode();
        var writer = new EtcdValue(ClaimMode.Exclusive, 1, "b", "").Encode();
        var queue = Enumerable.Range(1, 5000).Select(at => new Mvccpb.KeyValue { CreateRevision = at, Value = at == 4001 ? writer : value }).Reverse();
        Assert.Equal(4000, EtcdRequests.LastGranted(queue));
        Assert.Equal(0, EtcdRequests.LastGranted([]));
    }

    // Its request has no answer, so a copy of it may come; the retry says that it is granted.
    private static async Task<ClaimRequest> HeldWithoutAnswerAsync(FaultProxy proxy, IBackendSession session, string resource)
    {
        var claim = FaultTests.Exclusive(resource);
        var lost = proxy.LoseReplyOf(FaultProxy.Mentions($"|{resource}|"), Http2.HasReply);
        await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(claim, Token));
        await lost;
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(claim, Token)).Outcome);
        return claim;
    }

    // The request that entered it.
    private static TxnRequest Late(EtcdBackend backend, IBackendSession session, ClaimRequest claim, long lease)
    {
        var key = ((EtcdSession)session).KeyOf(claim.Key).ToStringUtf8();
        var keys = backend.Keys.Of(claim.Key.Resource, key[(key.LastIndexOf('|') + 1)..]);
        var value = new EtcdValue(claim.Mode, claim.Limit, claim.Key.Id, claim.Value).Encode();
        return EtcdRequests.Enter(keys, value, lease, new EtcdEpoch(backend.Keys.EpochOf(lease)), epoch: 0, isExclusive: true);
    }
}
