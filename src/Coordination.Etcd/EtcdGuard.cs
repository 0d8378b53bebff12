using Coordination.Backends;
using Etcdserverpb;

namespace Coordination.Etcd;

/// <summary>Makes writes to the same etcd cluster conditional on a lease.</summary>
public static class EtcdGuard
{
    /// <summary>
    /// A comparison that holds as long as the lease is held at the server: put it into the <c>Compare</c> of a transaction of your own, and its writes are done only if
    /// nobody else can have got the lease. Nothing is sent.
    /// </summary>
    /// <remarks>
    /// It compares the revision at which the claim's key was made, which is the lease's token. The user of the transaction needs the right to read the key. Of a lease that is over it never holds; of
    /// one that was handed over by ticket, a comparison that was made before holds for as long as whoever took it over keeps the lease.
    /// </remarks>
    /// <param name="lease">A lease of a coordinator on the etcd backend: of a lock, an election or a semaphore.</param>
    /// <returns>The comparison.</returns>
    /// <exception cref="ArgumentException">It is a lease of another backend.</exception>
    /// <example>
    /// <code>
    /// var transaction = new TxnRequest
    /// {
    ///     Compare = { lease.ToEtcdCompare() },
    ///     Success = { new RequestOp { RequestPut = new PutRequest { Key = key, Value = value } } },
    /// };
    /// if (!(await kv.TxnAsync(transaction)).Succeeded) throw new InvalidOperationException("The lease was lost.");
    /// </code>
    /// </example>
    public static Compare ToEtcdCompare(this ILease lease)
    {
        ArgumentNullException.ThrowIfNull(lease);
        return lease is IBackendLease { Session: EtcdSession session } held
            ? EtcdRequests.IsMadeAt(session.KeyOf(held.Claim, lease.State == LeaseState.Held), held.Token.Value)
            : throw new ArgumentException($"The lease on '{lease.Name}' is not one of the etcd backend, so no etcd transaction can depend on it.", nameof(lease));
    }
}
