/** Names of operations of some hundred real services, judged by hand by what their documentation says that they do. */
import { expect, test } from '@jest/globals'
import { guessEffect } from '../../src/manifest/import/wsdl/guess-effect.ts'

const names = (text: string): readonly string[] => text.trim().split(/\s+/)

/** They change something, or nobody can tell: begun by, or holding, a word that elsewhere reads. */
const writes = names(`
  checkOut CheckOutBook CheckIn checkInGuest CheckAndReserve checkOffItem getOrCreateUser FindOrAdd findAndModify SearchAndReplace
  GetAndDeleteMessage readAndClear RetrieveAndLock listAndSubscribe GetNextInvoiceNumber getNextNumber get_next_id GetNewOrderId
  GetSessionToken GetClientAccessToken getToken getTicket GetLock getNonce doGetSessionHandleForWidget GetMemberForToken getRidOfUser
  convertLead ConvertQuoteToOrder convertLeads ConvertCart CurrencyConvert trackEvent trackConversion TrackClick
  ValidateUser ValidateMember ValidateTokenProduct Validate VerifyPin doVerifyItem verifyEmail ConfirmValidation ConfirmValidationModel
  List_Add List_Delete Search_Start View.Refresh Query.Save Check_Save Test_Run testHeader1 Get_And_Delete
  Actions_Delete Attendees_Save AttendeeDefault_Save Attendee_UpdateRelationship Agenda_PushNotifications DataSource.Restart
  DataSource.BeginDataBlock Company.ResetTokenCount Company.CancelQueueItem Saint.ExportCreateJob Saint.ImportCommitJob
  Report.QueueRanked DataWarehouse.CancelRequest Permissions.Authenticate Permissions.SaveLogin Scheduling.ReRunReport
  doBidItem doCancelBidItem doRequestPayout doFeedback doLogin doSetUserLicenceDate doSendEmailToUser doNewAuctionExt
  eventsGetEvents eventsRegetEvents PullMessages ReceiveMessage poll SyncFolderItems CheckMaintainBundle ExportItems exportToCrm
  SelectSeat quoteOrder IssueInvoice IssueToken Issue isolate_host hasten showroom_book getGetAndSet GetDataAndMarkRead
  undelete upsert mergeLeads startSession invalidateSessions VNReserveNumberReq leasePublicNumberGroup AllocateIP CreateItem
  create update delete send submit cancel pay book order process op1 a new message TimeEntry_Save TimeEntry_GetAndClose`)

const reads = names(`
  getOrder GetOrders get_order_by_id TimeEntry_GetData TimeEntry.List Actions_GetById Meetings_GetFiltered ModuleFunction_GetByModuleAndRight
  Company.GetTokenCount Company.GetQueue DataSource.GetFileStatus DataWarehouse.CheckRequest Permissions.HasPrivilege Report.GetReport
  ReportSuite.GetAxleStartDate Saint.ListFTP Scheduling.DownloadWorkbook RoleExists userExists doGetBidItem2 doGetMyData doQuerySysStatus
  doSearch doShowUser doGetMessageToBuyer GetUpdated getDeleted getImportToListStatus GetUpdateStatus listCancelReasons getStartDate
  GetClaimDetails GetScheduleByRoute GetPasswordExpirationDate GetKeyStatus listKeys searchOrders searchOrdersCount findMultiple
  query queryAll queryMore retrieve describeSObject describeGlobal checkStatus checkDeployStatus CheckPolicy HasRights IsUserInRole
  calculateShippingCost ConvertCurrency ConvertId ConvertTemperature validateAddress track trackShipment trackByNumber getUser_v2
  GetCityForecastByZIP ListOfCountryNamesByCode echo echoData ping sayHello SayHelloName GetAllTerminalsAndMates HasAccess Order_Query`)

test.each(writes)('%s is no read', name => {
  expect(guessEffect(name)).toBe('write')
})

test.each(reads)('%s is a read', name => {
  expect(guessEffect(name)).toBe('read')
})
