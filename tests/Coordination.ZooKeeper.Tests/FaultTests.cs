using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.ZooKeeper.Client;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.ZooKeeper.Tests;

/// <summary>What befalls sessions and servers, and what is said of it.</summary>
public sealed class FaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_there_is_transient_and_names_the_address()
    {
        var address = $"127.0.0.1:{FreePort.Next()}";
        await using var backend = ZooKeeperBackend.Create(address);
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await Run.OpenAsync(backend));
        Assert.True(fault.IsTransient);
        Assert.Contains($"ZooKeeper at {address} could not open a session", fault.Message, StringComparison.Ordinal);
        var inspection = await Assert.ThrowsAsync<CoordinationException>(async () => await backend.InspectAsync("x", holdersOnly: false, Token));
        Assert.Contains("could not inspect 'x'", inspection.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_ZooKeeper_is_told()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerAsync(listener);
        await using var backend = ZooKeeperBackend.Create($"{listener.LocalEndpoint}");
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await Run.OpenAsync(backend));
        Assert.Contains("could not open a session", fault.Message, StringComparison.Ordinal);
        listener.Stop();
        await serving;
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_transient()
    {
        await using var server = await Run.ServerAsync();
        await server.FreezeAsync();
        await using var backend = ZooKeeperBackend.Create(new ZooKeeperBackendOptions { ConnectionString = server.Address, CallTimeout = TimeSpan.FromMilliseconds(300) });
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await Run.OpenAsync(backend, seconds: 0.6));
        Assert.True(fault.IsTransient);
        Assert.Contains("within 0.3 s", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_longer_than_the_servers_allow_is_refused_with_the_cap_and_a_short_one_is_made_longer()
    {
        await using var server = await Run.ServerAsync("minSessionTimeout=2000", "maxSessionTimeout=4000");
        await using var tooLong = Run.Coordinator(server.Address, seconds: 5);
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await tooLong.CreateLock("x").AcquireAsync(Token));
        Assert.False(fault.IsTransient);
        Assert.Contains("00:00:04 at most", fault.Message, StringComparison.Ordinal);
        Assert.Contains("maxSessionTimeout", fault.Message, StringComparison.Ordinal);

        await using var backend = ZooKeeperBackend.Create(server.Address);
        await using var session = await Run.OpenAsync(backend, seconds: 0.5);
        Assert.Equal(TimeSpan.FromSeconds(2), session.Duration);

        // None is left of what was refused.
        await Run.UntilAsync(async () => await server.MetricAsync("zk_global_sessions") == 1);
    }

    [Fact]
    public async Task A_session_ended_from_outside_is_lost_at_once_while_held_and_queues_anew_while_waiting()
    {
        await using var server = await Run.ServerAsync();
        await using var proxy = FaultProxy.Start(server.EndPoint);

        // So long that no renewal can be what tells.
        await using var holder = Run.Coordinator($"{proxy.EndPoint}", seconds: 600);
        await using var waiter = Run.Coordinator($"{proxy.EndPoint}", seconds: 600);
        await using var observer = Run.Coordinator(server.Address, seconds: 600);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var other = await waiter.CreateLock("y").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await Run.WaitersAsync(observer, "x", 1);
        var before = (await observer.InspectAsync("x", Token)).Waiters[0].Id;

        // While waiting: the claim is gone, and its caller queues anew in a new session.
        await Admin.ExpireAsync(server, Run.SessionOf(other), proxy);
        await Run.UntilAsync(async () => (await observer.InspectAsync("x", Token)).Waiters is [var now] && now.Id != before);
        Assert.Equal(LeaseState.Lost, other.State);

        // While held: told lost, and the waiter gets it.
        var lost = new TaskCompletionSource();
        using var registration = held.Lost.Register(lost.SetResult);
        await Admin.ExpireAsync(server, Run.SessionOf(held), proxy);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Equal(LeaseState.Lost, held.State);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    [Fact]
    public async Task A_lease_that_is_attached_for_longer_lasts_as_long_as_it_was_detached_for_since_a_new_leader_goes_by_that()
    {
        await using var server = await Run.ServerAsync();
        await using var first = Run.Coordinator(server.Address, seconds: 20);
        await using var second = Run.Coordinator(server.Address, seconds: 600);
        await using var third = Run.Coordinator(server.Address, seconds: 600);
        var options = new LeaseOptions { AutoRenew = false };
        var detached = await first.CreateLock("x", options).AcquireAsync(Token);
        var attached = await second.CreateLock("x", options).AttachAsync(await detached.DetachAsync(Token), Token);
        Assert.Equal(TimeSpan.FromSeconds(20), Run.SessionOf(attached).Duration);
        Assert.True(attached.Remaining <= TimeSpan.FromSeconds(20));

        // Whoever has it next goes by the same.
        var again = await third.CreateLock("x", options).AttachAsync(await attached.DetachAsync(Token), Token);
        Assert.Equal(TimeSpan.FromSeconds(20), Run.SessionOf(again).Duration);
        Assert.Equal(detached.FencingToken, again.FencingToken);
        await again.ReleaseAsync(Token);
    }

    [Fact]
    public async Task A_lease_that_is_too_short_for_the_margin_of_whoever_attaches_it_is_refused_and_its_ticket_stays_good()
    {
        await using var server = await Run.ServerAsync();
        await using var first = Run.Coordinator(server.Address, seconds: 12);
        await using var second = Run.Coordinator(server.Address, seconds: 600);
        var detached = await first.CreateLock("x", new LeaseOptions { AutoRenew = false }).AcquireAsync(Token);
        var ticket = await detached.DetachAsync(Token);
        var careful = second.CreateLock("x", new LeaseOptions { SafetyMargin = TimeSpan.FromSeconds(100) });
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await careful.AttachAsync(ticket, Token));
        Assert.IsNotType<LeaseLostException>(fault);
        Assert.False(fault.IsTransient);
        Assert.Contains("00:00:12", fault.Message, StringComparison.Ordinal);
        Assert.Contains("margin needs 00:06:40", fault.Message, StringComparison.Ordinal);

        // The longest that fits.
        await using var attached = await second.CreateLock("x", new LeaseOptions { SafetyMargin = TimeSpan.FromSeconds(3) }).AttachAsync(ticket, Token);
        Assert.Equal(detached.FencingToken, attached.FencingToken);
        Assert.Equal(LeaseState.Held, attached.State);
    }

    [Fact]
    public async Task An_attachment_without_an_answer_is_remembered_until_it_is_tried_again()
    {
        await using var server = await Run.ServerAsync();
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var holder = ZooKeeperBackend.Create(server.Address);
        var session = await Run.OpenAsync(holder);
        var claim = Run.Exclusive("x");
        await session.ClaimAsync(claim, Token);
        var request = new SessionRequest(TimeSpan.FromSeconds(30)) { Ticket = await session.DetachAsync(claim.Key, Token) };
        await session.DisposeAsync();
        await using var backend = ZooKeeperBackend.Create($"{proxy.EndPoint}");
        await backend.InspectAsync("x", holdersOnly: false, Token);

        // The taker is written, and the answer lost: of the requests that mention the node the one that writes.
        var lost = proxy.LoseReplyOf(static piece => piece.Length > 12 && BinaryPrimitives.ReadInt32BigEndian(piece.Span[8..]) == 5, Frames.HasReply);
        await Assert.ThrowsAsync<CoordinationException>(async () => await backend.OpenSessionAsync(request, new RecordingListener(), Token));
        await lost;
        Assert.Equal(1, backend.Attachments.Count);
        await using var attached = await backend.OpenSessionAsync(request, new RecordingListener(), Token);
        Assert.Equal(ClaimOutcome.Granted, (await attached.ClaimAsync(claim with { Intent = ClaimIntent.FindExisting }, Token)).Outcome);
        Assert.Equal(0, backend.Attachments.Count);
    }

    [Fact]
    public async Task A_connection_that_is_taken_away_costs_neither_lease_nor_turn()
    {
        await using var server = await Run.ServerAsync();
        await using var holder = Run.Coordinator(server.Address, seconds: 600);
        await using var waiter = Run.Coordinator(server.Address, seconds: 600);
        var held = await holder.CreateLock("x").AcquireAsync(Token);
        var other = await waiter.CreateLock("y").AcquireAsync(Token);
        var waiting = waiter.CreateLock("x").AcquireAsync(Token).AsTask();
        await Run.WaitersAsync(holder, "x", 1);
        foreach (var lease in new[] { held, other })
        {
            var client = ((ZooKeeperSession)Run.SessionOf(lease)).Client;
            await OtherConnection.TakeConnectionAsync(server.EndPoint, client.SessionId, client.SessionPassword, timeout: 600_000);
        }

        await Run.RenewAsync(held);
        await Run.RenewAsync(other);
        Assert.False(held.Lost.IsCancellationRequested);
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.True(next.FencingToken > held.FencingToken);
        Assert.Equal(LeaseState.Held, other.State);
    }

    [Fact]
    public async Task A_waiter_that_missed_a_claim_ahead_of_a_later_one_while_it_was_cut_off_is_not_granted_past_it()
    {
        // The copy of the queue that a watch keeps is not believed after a break until it has been read anew: what came meanwhile is not in it.
        await using var server = await Run.ServerAsync();
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var cutOff = Run.Coordinator($"{proxy.EndPoint}", seconds: 600);
        await using var others = Run.Coordinator(server.Address, seconds: 600);
        var first = await others.CreateLock("x").AcquireAsync(Token);
        var waiting = cutOff.CreateLock("x").AcquireAsync(Token).AsTask();
        await Run.WaitersAsync(others, "x", 1);
        await first.ReleaseAsync(Token);
        await (await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token)).ReleaseAsync(Token);

        // The watch lingers. Now nothing comes through, and another takes the lock.
        proxy.Pause();
        await using var held = await others.CreateLock("x").AcquireAsync(Token);
        proxy.Reset();
        proxy.Resume();
        Assert.Null(await cutOff.CreateLock("x").TryAcquireAsync(TimeSpan.FromMilliseconds(300), Token));
        Assert.Equal([held.FencingToken], (await others.InspectAsync("x", Token)).Holders.Select(static claim => claim.FencingToken!.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_is_down_for_a_while_costs_the_lease_only_when_it_is_down_for_longer_than_that(bool isLonger)
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = Run.Coordinator(server.Address, seconds: isLonger ? 2 : 60);
        var held = await coordinator.CreateLock("x").AcquireAsync(Token);
        var lost = new TaskCompletionSource();
        using var registration = held.Lost.Register(lost.SetResult);
        await server.KillAsync();
        if (isLonger)
        {
            await lost.Task.WaitAsync(TimeSpan.FromSeconds(20), Token);
        }

        await server.StartAsync();
        if (!isLonger)
        {
            await Run.RenewAsync(held);
            Assert.False(lost.Task.IsCompleted);
            await held.ReleaseAsync(Token);
        }

        await using var next = await coordinator.CreateLock("x").AcquireAsync(Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    [Fact]
    public async Task A_release_of_a_claim_without_an_answer_waits_for_it_and_leaves_nothing()
    {
        await using var server = await Run.ServerAsync();
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var backend = ZooKeeperBackend.Create($"{proxy.EndPoint}");
        await using var session = await Run.OpenAsync(backend, seconds: 60);
        var claim = Run.Exclusive("x");

        // The node is made; the connection breaks before the answer, which alone names it: those to the attempts before, that found no node of the resource, pass.
        var lost = proxy.LoseReplyOf(FaultProxy.Mentions("/x/"), FaultProxy.Mentions("/x/"));
        await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(claim, Token));
        await lost.WaitAsync(Token);
        var admin = new Admin(server.Address);
        Assert.True(await admin.ExistsAsync(claim.Key));
        Assert.True(await session.ReleaseAsync(claim.Key, Token));
        Assert.Empty(await admin.ChildrenAsync("/coordination/x"));
        Assert.Equal(ClaimOutcome.Refused, (await session.ClaimAsync(claim, Token)).Outcome);
    }

    [Fact]
    public async Task The_nodes_of_resources_and_the_root_go_when_nobody_has_used_them_for_a_while_and_come_again()
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = new Coordinator(ZooKeeperBackend.Create(server.Address + "/apps/one"));
        var token = default(FencingToken);
        for (var round = 0; round < 2; round++)
        {
            await using (var lease = await coordinator.CreateLock("x").AcquireAsync(Token))
            {
                Assert.True(lease.FencingToken > token);
                token = lease.FencingToken;
            }

            await Run.UntilAsync(async () => (await new Admin(server.Address).ChildrenAsync("/apps/one")).Count == 0);
        }
    }

    [Fact]
    public async Task A_name_that_is_not_of_a_claim_is_nobodys_and_one_of_a_later_version_blocks()
    {
        await using var server = await Run.ServerAsync();
        await using var coordinator = Run.Coordinator(server.Address);
        await using var client = await Admin.ConnectAsync(server.Address);
        await using (await coordinator.CreateLock("x").AcquireAsync(Token))
        {
            // While the lock is held: without a child the node of the resource may go at any time.
            await client.CreateAsync("/coordination/x/notes", cancellationToken: Token);
        }

        await using (await coordinator.CreateLock("x").AcquireAsync(Token))
        {
        }

        await client.CreateAsync("/coordination/x/z-7-of-a-later-version-", default, ZooKeeperCreateMode.EphemeralSequential, cancellationToken: Token);
        Assert.Null(await coordinator.CreateLock("x").TryAcquireAsync(TimeSpan.Zero, Token));
    }

    private static async Task AnswerAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync(Token);
                await socket.ReceiveAsync(new byte[1024], Token);
                await socket.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), Token);
                socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped while it waited for the next connection, or between two of them.
        }
    }
}
