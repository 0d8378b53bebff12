using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>Runs scripts whose writes count only when enough replicas have them (WAIT), on a connection of its own.</summary>
/// <remarks>
/// <para>
/// WAIT holds up its connection until the replicas have what that connection wrote, or the time is up: on the connection that all calls share it would hold up
/// releases and claims that wait. So what must be confirmed is written, again where it was written before, on this connection. A failover between the two writes is
/// found by the second, whose script says how the claim stands on the server that then leads.
/// </para>
/// <para>
/// Everything that comes while a WAIT is under way shares the next one. So its cost is that of one at a time for each server, whatever the number of calls; and replicas
/// that are away cost each call two time limits at most, not one for each call before it.
/// </para>
/// </remarks>
internal sealed class RedisReplicaAcks : IAsyncDisposable
{
    private readonly RedisConnection _connection;
    private readonly int _replicas;
    private readonly TimeSpan _limit;
    private readonly ConcurrentDictionary<EndPoint, Lane> _lanes = new();

    /// <summary>Makes it. Nothing is sent.</summary>
    /// <param name="connection">A connection that nothing else uses; disposed with this.</param>
    /// <param name="replicas">How many replicas must confirm.</param>
    /// <param name="limit">How long they may take.</param>
    public RedisReplicaAcks(RedisConnection connection, int replicas, TimeSpan limit)
    {
        _connection = connection;
        _replicas = replicas;
        _limit = limit;
    }

    /// <summary>Runs a script, and waits until enough replicas have what it wrote.</summary>
    /// <param name="script">The script. It must be harmless to run it twice.</param>
    /// <param name="arguments">Its keys and arguments; of no pool.</param>
    /// <param name="operation">What it does, for the error.</param>
    /// <param name="resource">The resource it is about, for the error.</param>
    /// <param name="cancellationToken">Ends the call; what was sent may still be applied.</param>
    /// <returns>The reply.</returns>
    /// <exception cref="CoordinationException">Too few replicas confirmed it in time, or the server could not be asked. What was written stays written.</exception>
    public async ValueTask<RedisResult> EvaluateAsync(
        RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken)
    {
        try
        {
            var server = await _connection.GetMasterAsync(arguments.Keys[0], cancellationToken).ConfigureAwait(false);
            var call = new Call(script, arguments, cancellationToken);
            _lanes.GetOrAdd(server.EndPoint, static (_, owner) => new Lane(owner), this).Send(server, call);
            var (reply, acks) = await call.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return acks >= _replicas ? reply : throw TooFew(acks, operation, resource);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is not ObjectDisposedException)
        {
            throw RedisErrors.Translate(e, operation, resource);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private CoordinationException TooFew(long acks, string operation, string? resource) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"Redis could not {operation} '{resource}': {acks} of the {_replicas} replicas that MinReplicaAcks wants confirmed it within {_limit.TotalMilliseconds:0} ms, so it does not count. ")
        + "Check that the replicas run and keep up (INFO replication), or set MinReplicaAcks and ReplicaAckTimeout to what they can do.",
        isTransient: true);

    private sealed class Call(RedisScript script, RedisArguments arguments, CancellationToken cancellationToken)
    {
        public bool IsWanted => !cancellationToken.IsCancellationRequested;

        // At the server the queue's script is known after the first call.
        private bool _byText;

        public TaskCompletionSource<(RedisResult Reply, long Acks)> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<RedisResult> SendTo(IServer server, int? database)
        {
            var values = new List<object>(2 + arguments.Keys.Length + arguments.Values.Length) { _byText ? script.Text : script.Hash, arguments.Keys.Length };
            foreach (var key in arguments.Keys)
            {
                values.Add(key);
            }

            foreach (var value in arguments.Values)
            {
                values.Add(value);
            }

            return server.ExecuteAsync(database, _byText ? "EVAL" : "EVALSHA", values, CommandFlags.NoRedirect);
        }

        public async Task<bool> TryEndAsync(Task<RedisResult> reply, long acks)
        {
            try
            {
                Done.TrySetResult((await reply.ConfigureAwait(false), acks));
                return true;
            }
            catch (RedisServerException e) when (e.Kind == RedisErrorKind.NoScript && !_byText)
            {
                _byText = true;
                return false;
            }
            catch (Exception e)
            {
                Done.TrySetException(e);
                return true;
            }
        }
    }

    // The calls to one server: one WAIT at a time.
    private sealed class Lane(RedisReplicaAcks owner)
    {
        private const int Most = 1024;

        private readonly Lock _gate = new();
        private readonly Queue<Call> _waiting = new();
        private bool _runs;

        public void Send(IServer server, Call call)
        {
            lock (_gate)
            {
                _waiting.Enqueue(call);
                if (_runs)
                {
                    return;
                }

                _runs = true;
            }

            _ = RunAsync(server);
        }

        private async Task RunAsync(IServer server)
        {
            var calls = new List<Call>();
            while (true)
            {
                lock (_gate)
                {
                    while (calls.Count < Most && _waiting.TryDequeue(out var call))
                    {
                        if (call.IsWanted)
                        {
                            calls.Add(call);
                        }
                    }

                    if (calls.Count == 0)
                    {
                        _runs = false;
                        return;
                    }
                }

                calls = await OnceAsync(server, calls).ConfigureAwait(false);
            }
        }

        // One round trip, and what the replicas take.
        private async Task<List<Call>> OnceAsync(IServer server, List<Call> calls)
        {
            var left = new List<Call>();
            try
            {
                // WAIT knows what its own connection wrote. On a connection made in between it would find nothing to wait for, and be content.
                var before = server.ExecuteAsync("CLIENT", ["ID"], CommandFlags.NoRedirect);
                var replies = calls.ConvertAll(call => call.SendTo(server, owner._connection.DatabaseNumber));
                var wait = server.ExecuteAsync("WAIT", [owner._replicas, (long)owner._limit.TotalMilliseconds], CommandFlags.NoRedirect);
                var after = server.ExecuteAsync("CLIENT", ["ID"], CommandFlags.NoRedirect);
                foreach (var sent in replies.Append(before).Append(wait).Append(after))
                {
                    await ((Task)sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                var acks = (long)await wait.ConfigureAwait(false);
                if ((long)await before.ConfigureAwait(false) != (long)await after.ConfigureAwait(false))
                {
                    throw new CoordinationException("Redis could not confirm a grant or renewal: the connection was made anew while replicas were waited for.", isTransient: true);
                }

                for (var i = 0; i < calls.Count; i++)
                {
                    if (!await calls[i].TryEndAsync(replies[i], acks).ConfigureAwait(false))
                    {
                        left.Add(calls[i]);
                    }
                }
            }
            catch (Exception e)
            {
                foreach (var call in calls)
                {
                    call.Done.TrySetException(e);
                }

                // Nobody may wait for it any more.
                foreach (var call in calls)
                {
                    _ = call.Done.Task.Exception;
                }

                left.Clear();
            }

            return left;
        }
    }
}
