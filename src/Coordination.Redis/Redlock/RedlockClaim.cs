using Coordination.Backends;

namespace Coordination.Redis;

/// <summary>What a session knows of one claim. An attempt is one round, and has an owner of its own: the claim's id and the attempt's number (rule 12).</summary>
internal sealed class RedlockClaim(ClaimKey key)
{
    /// <summary>As in common.lua.</summary>
    public const long Shared = 1L << 32;

    private Queue<TaskCompletionSource>? _queue;
    private bool _isTaken;

    /// <summary>Resource and id.</summary>
    public ClaimKey Key { get; } = key;

    /// <summary>0 for locks, otherwise the number of slots.</summary>
    public long Kind { get; set; }

    /// <summary>0 exclusive, <see cref="Shared"/>, or the slot that is tried or held.</summary>
    public long What { get; set; }

    /// <summary>As in resource.lua.</summary>
    public int Flags { get; set; }

    /// <summary>What an inspection shows.</summary>
    public string Value { get; set; } = "";

    /// <summary>How often the value was changed.</summary>
    public int Version { get; set; }

    /// <summary>The number of the attempt made last.</summary>
    public int Attempt { get; set; }

    /// <summary>The highest token proposed by any attempt.</summary>
    public long HighestToken { get; set; }

    /// <summary>Its place among those that wait, or 0 while it has none.</summary>
    public long Ticket { get; set; }

    /// <summary>Whether a majority granted it: the attempt made last.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The token of the grant.</summary>
    public long Token { get; set; }

    /// <summary>The id under which it was taken over, or a dash: whose it is at the masters, where others may have had it before.</summary>
    public string TakenBy { get; init; } = "-";

    /// <summary>Lost races in a row.</summary>
    public int Losses { get; set; }

    /// <summary>Released or given up: nothing more is made of it.</summary>
    public bool IsReleased { get; set; }

    /// <summary>A release is on its way to all masters, which ends whatever there is of it.</summary>
    public bool IsEnded { get; set; }

    /// <summary>A wake-up came since the attempt under way was sent.</summary>
    public bool IsWoken { get; set; }

    /// <summary>Its engine was told to ask, and has not asked yet.</summary>
    public bool IsTold { get; set; }

    /// <summary>Whether an attempt is under way: the gate is taken.</summary>
    public bool IsTrying => Volatile.Read(ref _isTaken);

    /// <summary>One attempt at a time. A caller that waits goes on where the one before it ends.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task EnterAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (this)
        {
            if (!_isTaken)
            {
                _isTaken = true;
                return Task.CompletedTask;
            }

            turn = new TaskCompletionSource();
            (_queue ??= new()).Enqueue(turn);
        }

        return WaitAsync(turn, cancellationToken);
    }

    /// <summary>The next may come.</summary>
    public void Exit()
    {
        while (true)
        {
            TaskCompletionSource? next;
            lock (this)
            {
                if (_queue is null || !_queue.TryDequeue(out next))
                {
                    _isTaken = false;
                    return;
                }
            }

            if (next.TrySetResult())
            {
                return;
            }
        }
    }

    private static async Task WaitAsync(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), turn);
        await turn.Task.ConfigureAwait(false);
    }
}
