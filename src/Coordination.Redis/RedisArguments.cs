using System.Collections.Concurrent;
using StackExchange.Redis;

namespace Coordination.Redis;

/// <summary>The keys and arguments of one call of a script.</summary>
/// <remarks>
/// The driver reads them when it writes the request, which may be long after the call has returned. So they go back to their pool only
/// after the reply has come, and never after a fault or a cancellation.
/// </remarks>
internal sealed class RedisArguments
{
    private readonly Pool? _pool;
    private int _uses = 1;
    private bool _isKept;

    /// <summary>Makes arguments that are used once.</summary>
    /// <param name="keys">How many keys.</param>
    /// <param name="values">How many arguments.</param>
    public RedisArguments(int keys, int values)
        : this(keys, values, null)
    {
    }

    private RedisArguments(int keys, int values, Pool? pool)
    {
        Keys = new RedisKey[keys];
        Values = new RedisValue[values];
        _pool = pool;
    }

    /// <summary>Every key that the script touches.</summary>
    public RedisKey[] Keys { get; }

    /// <summary>Its arguments.</summary>
    public RedisValue[] Values { get; }

    /// <summary>Several send them; they go back when each has given them back.</summary>
    /// <param name="uses">How many.</param>
    public void Share(int uses) => _uses = uses;

    /// <summary>They never go back: somebody may still send them, or has, and no reply came.</summary>
    public void Keep() => Volatile.Write(ref _isKept, true);

    /// <summary>Gives them back: the reply has come.</summary>
    public void Return()
    {
        if (_pool is not null && Interlocked.Decrement(ref _uses) == 0 && !Volatile.Read(ref _isKept))
        {
            _pool.Return(this);
        }
    }

    /// <summary>Keeps arguments of one shape.</summary>
    internal sealed class Pool(int keys, int values)
    {
        private const int Most = 256;

        private readonly ConcurrentQueue<RedisArguments> _rest = new();
        private RedisArguments? _first;
        private int _count;

        /// <summary>Takes some, with the keys of one resource in place.</summary>
        /// <param name="resource">The resource's keys.</param>
        /// <returns>The arguments; the values are those of their last use.</returns>
        public RedisArguments Rent(ResourceKeys resource)
        {
            var arguments = Rent();
            arguments.Keys[0] = resource.Claims;
            arguments.Keys[1] = resource.Waiters;
            return arguments;
        }

        /// <summary>Takes some.</summary>
        /// <returns>The arguments; keys and values are those of their last use.</returns>
        public RedisArguments Rent()
        {
            var arguments = Interlocked.Exchange(ref _first, null);
            if (arguments is null)
            {
                if (_rest.TryDequeue(out arguments))
                {
                    Interlocked.Decrement(ref _count);
                }
                else
                {
                    arguments = new RedisArguments(keys, values, this);
                }
            }

            arguments.Share(1);
            return arguments;
        }

        /// <summary>Takes some back.</summary>
        /// <param name="arguments">The arguments.</param>
        public void Return(RedisArguments arguments)
        {
            if (Interlocked.CompareExchange(ref _first, arguments, null) is null)
            {
                return;
            }

            if (Interlocked.Increment(ref _count) <= Most)
            {
                _rest.Enqueue(arguments);
            }
            else
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }
}
