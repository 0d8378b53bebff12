using System.Net;
using System.Net.Sockets;
using Coordination.Backends;
using Coordination.Conformance;
using Coordination.Etcd.Tests.Servers;
using Coordination.Etcd.Tests.Support;
using Etcdserverpb;
using Google.Protobuf;

namespace Coordination.Etcd.Tests;

/// <summary>What is wrong with a server is said, with what to do about it.</summary>
public sealed class FaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nobody_there_is_transient_and_names_the_address()
    {
        var address = $"http://127.0.0.1:{FreePort.Next()}";
        var fault = await FaultAsync(new EtcdBackendOptions { Endpoints = address });
        Assert.True(fault.IsTransient);
        Assert.Contains($"etcd at {address} could not open a session", fault.Message, StringComparison.Ordinal);
        Assert.Contains("out of reach", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_server_is_not_etcd()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = AnswerAsync(listener, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var fault = await FaultAsync(new EtcdBackendOptions { Endpoints = $"http://{listener.LocalEndpoint}" });
        Assert.False(fault.IsTransient);
        Assert.Contains("does not speak etcd's protocol", fault.Message, StringComparison.Ordinal);
        listener.Stop();
        await serving;
    }

    [Fact]
    public async Task A_server_that_says_nothing_is_transient()
    {
        await using var server = await StartAsync();
        await server.FreezeAsync();
        var fault = await FaultAsync(new EtcdBackendOptions { Endpoints = server.Address, CallTimeout = TimeSpan.FromMilliseconds(300) });
        Assert.True(fault.IsTransient);
        Assert.Contains("did not answer within 0.3 s", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_database_refuses_claims_and_lets_what_is_held_be_renewed_and_released()
    {
        await using var server = await StartAsync("--quota-backend-bytes", "4194304");
        using var admin = new Admin(server.Address);
        await using var backend = EtcdBackend.Create(server.Address);
        await using var session = await OpenAsync(backend);
        var held = Exclusive("held");
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(held, Token)).Outcome);
        await FillAsync(admin);

        var refused = Exclusive("another");
        var fault = await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(refused, Token));
        Assert.False(fault.IsTransient);
        Assert.Contains("NOSPACE", fault.Message, StringComparison.Ordinal);
        Assert.Contains("'another'", fault.Message, StringComparison.Ordinal);

        // Nothing is owed for it, which could not be paid before there is space again.
        Assert.False(await session.ReleaseAsync(refused.Key, Token));
        Assert.False((await session.RenewAsync([held.Key], Token)).IsSessionLost);
        Assert.True(await session.ReleaseAsync(held.Key, Token));
    }

    [Theory]
    [InlineData(ClaimIntent.Queue)]
    [InlineData(ClaimIntent.TryOnce)]
    public async Task A_claim_in_a_session_that_was_ended_says_so_in_a_later_epoch_too(ClaimIntent intent)
    {
        await using var server = await StartAsync();
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        await using var backend = EtcdBackend.Create(new EtcdBackendOptions { Endpoints = $"http://{proxy.EndPoint}", CallTimeout = TimeSpan.FromSeconds(2) });
        await using var session = await OpenAsync(backend);
        var held = Exclusive("held");
        Assert.Equal(ClaimOutcome.Granted, (await session.ClaimAsync(held, Token)).Outcome);

        // A claim without an answer, whose release begins a new epoch.
        proxy.Pause();
        var unanswered = Exclusive("unanswered");
        await Assert.ThrowsAsync<CoordinationException>(async () => await session.ClaimAsync(unanswered, Token));
        proxy.Resume();
        await UntilAsync(async () =>
        {
            try
            {
                await session.ReleaseAsync(unanswered.Key, Token);
                return true;
            }
            catch (CoordinationException exception) when (exception.IsTransient)
            {
                return false;
            }
        });
        Assert.Contains(await admin.KeysAsync(), static key => key.StartsWith("coordination||", StringComparison.Ordinal));

        await admin.RevokeAsync(held.Key);
        var claim = Exclusive("free");
        Assert.Equal(ClaimOutcome.SessionLost, (await session.ClaimAsync(claim with { Intent = intent }, Token)).Outcome);
    }

    [Fact]
    public async Task A_compaction_during_a_wait_loses_no_grant()
    {
        await using var server = await StartAsync();
        using var admin = new Admin(server.Address);
        await using var backend = EtcdBackend.Create(server.Address);
        await using var coordinator = new Coordinator(backend);
        var held = await coordinator.CreateLock("compacted").AcquireAsync(Token);
        var waiting = coordinator.CreateLock("compacted").AcquireAsync(Token).AsTask();
        await UntilAsync(async () => (await coordinator.InspectAsync("compacted", Token)).Waiters.Count == 1);
        for (var i = 0; i < 20; i++)
        {
            await admin.Kv.PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8("other"), Value = ByteString.Empty });
        }

        var revision = (await admin.Kv.RangeAsync(new RangeRequest { Key = ByteString.CopyFromUtf8("other") })).Header.Revision;
        await admin.Kv.CompactAsync(new CompactionRequest { Revision = revision, Physical = true });
        await held.ReleaseAsync(Token);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    [Fact]
    public async Task A_watch_that_lags_and_is_cancelled_for_a_compaction_is_made_again()
    {
        await using var server = await StartAsync();
        using var admin = new Admin(server.Address);
        await using var proxy = FaultProxy.Start(server.EndPoint);
        using var log = new RecordingLog();
        await using var holder = new Coordinator(EtcdBackend.Create(server.Address));
        await using var waiter = new Coordinator(EtcdBackend.Create(new EtcdBackendOptions { Endpoints = $"http://{proxy.EndPoint}" }, log));
        var first = await holder.CreateLock("lagging").AcquireAsync(Token);
        var second = waiter.CreateLock("lagging").AcquireAsync(Token).AsTask();
        await UntilAsync(async () => (await holder.InspectAsync("lagging", Token)).Waiters.Count == 1);
        var holding = holder.CreateLock("lagging").AcquireAsync(Token).AsTask();
        await UntilAsync(async () => (await holder.InspectAsync("lagging", Token)).Waiters.Count == 2);
        var waiting = waiter.CreateLock("lagging").AcquireAsync(Token).AsTask();
        await UntilAsync(async () => (await holder.InspectAsync("lagging", Token)).Waiters.Count == 3);

        // The watch is made, and the queue read: it has granted one turn already.
        await first.ReleaseAsync(Token);
        await (await second).ReleaseAsync(Token);
        var held = await holding;

        // More than the server keeps for a watch that does not listen, and then compacted away before it listens again.
        proxy.Pause();
        var key = ByteString.CopyFromUtf8("coordination|lagging|~~~~~~~~~~~~~~~~~~~~~~");
        var value = ByteString.CopyFromUtf8("x1:" + new string('x', 1024));
        await Parallel.ForAsync(0, 4000, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (_, _) =>
            await admin.Kv.PutAsync(new PutRequest { Key = key, Value = value }));
        var last = await admin.Kv.DeleteRangeAsync(new DeleteRangeRequest { Key = key });
        await admin.Kv.CompactAsync(new CompactionRequest { Revision = last.Header.Revision, Physical = true });
        await held.ReleaseAsync(Token);
        proxy.Resume();
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(20), Token);
        Assert.Contains(log.Events, static entry => entry.Name == "EtcdWatchCanceled" && entry.Text.Contains("compacted", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lease_revoked_from_outside_is_lost_while_held_and_queues_anew_while_waiting(bool isWatched)
    {
        await using var server = await StartAsync();
        using var admin = new Admin(server.Address);

        // A claim that had to wait hears of its loss at once, long before its next renewal; otherwise that tells it.
        var options = new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(isWatched ? 180 : 6) };
        await using var holder = new Coordinator(EtcdBackend.Create(server.Address), options);
        await using var waiter = new Coordinator(EtcdBackend.Create(server.Address), new CoordinatorOptions { LeaseDuration = TimeSpan.FromSeconds(6) });
        var first = isWatched ? await waiter.CreateLock("revoked").AcquireAsync(Token) : null;
        var holding = holder.CreateLock("revoked").AcquireAsync(Token).AsTask();
        if (first is not null)
        {
            await UntilAsync(async () => (await waiter.InspectAsync("revoked", Token)).Waiters.Count == 1);
            await first.ReleaseAsync(Token);
        }

        var held = await holding;

        var waiting = waiter.CreateLock("revoked").AcquireAsync(Token).AsTask();
        await UntilAsync(async () => (await waiter.InspectAsync("revoked", Token)).Waiters.Count == 1);
        var before = (await waiter.InspectAsync("revoked", Token)).Waiters[0].Id;

        // While waiting: the claim is gone, and its caller queues anew in a new session.
        await admin.RevokeAsync(new ClaimKey("revoked", before));
        await UntilAsync(async () => (await waiter.InspectAsync("revoked", Token)).Waiters is [var now] && now.Id != before);

        // While held: told lost, and the waiter gets it.
        var lost = new TaskCompletionSource();
        using var registration = held.Lost.Register(lost.SetResult);
        await admin.RevokeAsync(((IBackendLease)held).Claim);
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.Equal(LeaseState.Lost, held.State);
        await using var next = await waiting.WaitAsync(TimeSpan.FromSeconds(10), Token);
        Assert.True(next.FencingToken > held.FencingToken);
    }

    internal static async Task<EtcdServerProcess> StartAsync(params string[] arguments)
    {
        Missing.SkipWithoutEtcd();
        var server = new EtcdServerProcess("n1", "http", arguments);
        await server.StartAsync();
        return server;
    }

    /// <summary>Writes until the server, whose quota is a few megabytes, takes no more.</summary>
    internal static async Task FillAsync(Admin admin)
    {
        // It goes by the size of its file, which grows ten times a second: a fast machine puts twenty megabytes into it first.
        var megabyte = ByteString.CopyFrom(new byte[1024 * 1024]);
        await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                await admin.Kv.PutAsync(new PutRequest { Key = ByteString.CopyFromUtf8($"filling/{i}"), Value = megabyte });
            }
        });
    }

    /// <summary>Undoes it, as an operator would.</summary>
    internal static async Task MakeSpaceAsync(Admin admin)
    {
        var emptied = await admin.Kv.DeleteRangeAsync(
            new DeleteRangeRequest { Key = ByteString.CopyFromUtf8("filling/"), RangeEnd = ByteString.CopyFromUtf8("filling0") });
        await admin.Kv.CompactAsync(new CompactionRequest { Revision = emptied.Header.Revision, Physical = true });
        await admin.Maintenance.DefragmentAsync(new DefragmentRequest());
        var alarms = await admin.Maintenance.AlarmAsync(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Get });
        foreach (var alarm in alarms.Alarms)
        {
            await admin.Maintenance.AlarmAsync(
                new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Deactivate, MemberID = alarm.MemberID, Alarm = alarm.Alarm });
        }
    }

    internal static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!await HoldsAsync())
        {
            Assert.False(limit.IsCancellationRequested, "Not within 20 s.");
            await Task.Delay(10, Token);
        }

        // A look that fails for a fault that passes is one that did not see it.
        async Task<bool> HoldsAsync()
        {
            try
            {
                return await condition();
            }
            catch (CoordinationException exception) when (exception.IsTransient && !limit.IsCancellationRequested)
            {
                return false;
            }
        }
    }

    internal static ValueTask<IBackendSession> OpenAsync(EtcdBackend backend, int seconds = 30) =>
        backend.OpenSessionAsync(new SessionRequest(TimeSpan.FromSeconds(seconds)), new RecordingListener(), Token);

    internal static ClaimRequest Exclusive(string resource) =>
        new(new ClaimKey(resource, Convert.ToBase64String(Guid.NewGuid().ToByteArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_')), ClaimMode.Exclusive, 1, "");

    private static async Task<CoordinationException> FaultAsync(EtcdBackendOptions options)
    {
        await using var backend = EtcdBackend.Create(options);
        return await Assert.ThrowsAsync<CoordinationException>(async () => await OpenAsync(backend));
    }

    private static async Task AnswerAsync(TcpListener listener, string answer)
    {
        try
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync(Token);
                await socket.ReceiveAsync(new byte[1024], Token);
                await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(answer), Token);
                socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped while it waited for the next connection, or between two of them.
        }
    }
}
